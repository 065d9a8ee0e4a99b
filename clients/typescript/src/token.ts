/** Gives the token to send. Called before every request: what it gives is cached by itself. */
export type TokenSource = () => Promise<string>;

export interface ClientCredentials {
  /** Of the server, without a path: `https://konto.example`. */
  url: string;
  clientId: string;
  clientSecret: string;
  /** Words parted by blanks; all that the client may when absent. */
  scope?: string;
  /** Binds the token to one customer (`cus_...`). */
  customer?: string;
  fetch?: typeof fetch;
}

/** How long before its end a token is not used any more, in milliseconds. */
const SPARE = 60_000;

/**
 * Tokens by client credentials, for back ends: never hand a client's secret to a browser. One request is at work at a
 * time, whoever asks, and a token serves until a minute before its end.
 */
export function clientCredentials(options: ClientCredentials): TokenSource {
  const ask = options.fetch ?? fetch;
  let token: { text: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function request(): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (options.scope !== undefined) form.set('scope', options.scope);
    if (options.customer !== undefined) form.set('customer', options.customer);
    const part = (text: string) => encodeURIComponent(text);
    const response = await ask(new URL('/oauth2/token', options.url), {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${part(options.clientId)}:${part(options.clientSecret)}`)}` },
      body: form,
    });
    const body = (await response.json()) as { access_token?: string; expires_in?: number; error?: string };
    if (!response.ok || body.access_token === undefined) {
      throw new Error(`no token: ${body.error ?? response.status}`);
    }
    token = { text: body.access_token, until: Date.now() + (body.expires_in ?? 0) * 1000 - SPARE };
    return body.access_token;
  }

  return async () => {
    if (token !== undefined && Date.now() < token.until) return token.text;
    asking ??= request().finally(() => (asking = undefined));
    return asking;
  };
}

/** When a token ends, in milliseconds since 1970; undefined where it does not say. */
export function endOf(token: string): number | undefined {
  const middle = token.split('.')[1];
  if (middle === undefined) return undefined;
  try {
    const { exp } = JSON.parse(atob(middle.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
