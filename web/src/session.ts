import { fetchConfig, type Config } from './config';

const STORED_TOKEN = 'konto-explorer:token';
/** How long a sign-in may take. */
const SIGN_IN_MS = 15_000;
/** A token this close to its end is replaced before it is used. */
const RENEW_BEFORE_MS = 60_000;

export interface SessionState {
  token: string | null;
  /** Who provided the token: the server's demo, or the person at the keyboard. */
  from: 'server' | 'person' | null;
  /** The server did not accept the token, or there was none: time to sign in again. */
  refused: boolean;
  /** Grows whenever another identity takes over; a renewed token of the same one does not count. */
  identity: number;
}

/** Who the page speaks as. Tokens live here and in sessionStorage, and nowhere else. */
export class Session {
  #state: SessionState;
  #listeners = new Set<() => void>();
  /** Every token this page has put into the headers editor: those it may replace again. */
  #own = new Set<string>();
  #renewal: Promise<void> | null = null;

  constructor(readonly config: Config) {
    const stored = sessionStorage.getItem(STORED_TOKEN);
    const brought = stored !== null && expiresAt(stored) > Date.now() ? stored : null;
    const token = brought ?? config.token;
    const from = brought !== null ? 'person' : token !== null ? 'server' : null;
    this.#state = { token, from, refused: false, identity: 0 };
    if (token) this.#own.add(token);
  }

  get state(): SessionState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether this token came from here, and so may be exchanged for the current one. */
  issued(token: string): boolean {
    return this.#own.has(token);
  }

  /** The token to use now. The server's own token is fetched anew when it is about to expire. */
  async fresh(): Promise<string | null> {
    const { token, from } = this.#state;
    const nearEnd = token !== null && expiresAt(token) - Date.now() < RENEW_BEFORE_MS;
    if (from === 'server' && nearEnd) {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
      await this.#renewal;
    }
    return this.#state.token;
  }

  async signInWithSecret(clientId: string, clientSecret: string): Promise<void> {
    const response = await fetch(this.config.tokenUrl, {
      method: 'POST',
      // The secret is all that speaks for the person: no cookies, and no password box of the browser's own.
      credentials: 'omit',
      signal: AbortSignal.timeout(SIGN_IN_MS),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    }).catch((reason) => {
      throw new Error(unreached(reason), { cause: reason });
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || typeof answer.access_token !== 'string') {
      throw new Error(answer.error_description ?? answer.error ?? `The server answered HTTP ${response.status}.`);
    }
    this.signInWithToken(answer.access_token);
  }

  signInWithToken(text: string): void {
    const token = text.trim().replace(/^Bearer\s+/i, '');
    sessionStorage.setItem(STORED_TOKEN, token);
    this.#become(token, 'person');
  }

  /** Leaves the person's own token; where the server offers one, that takes its place. */
  signOut(): void {
    sessionStorage.removeItem(STORED_TOKEN);
    this.#become(this.config.token, this.config.token ? 'server' : null);
  }

  /** What an answer said about the token: refused shows the way to sign in again. */
  heard(refused: boolean): void {
    if (refused !== this.#state.refused) this.#set({ ...this.#state, refused });
  }

  async #renew(): Promise<void> {
    try {
      const { token } = await fetchConfig();
      if (token && this.#state.from === 'server') {
        this.config.token = token;
        this.#own.add(token);
        this.#set({ ...this.#state, token });
      }
    } catch {
      // The old token may still do; if not, the server's answer will say so.
    }
  }

  #become(token: string | null, from: SessionState['from']): void {
    if (token) this.#own.add(token);
    this.#set({ token, from, refused: false, identity: this.#state.identity + 1 });
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#listeners.forEach((listener) => listener());
  }
}

/** Why there was no answer at all, for people. */
function unreached(reason: unknown): string {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? 'The server did not answer in time. Try again.'
    : 'The server cannot be reached. Try again.';
}

/** The claims of a token, for display only: whether they hold is for the server to say. */
export function claims(token: string): Record<string, unknown> {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

function expiresAt(token: string): number {
  const { exp } = claims(token);
  return typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
}
