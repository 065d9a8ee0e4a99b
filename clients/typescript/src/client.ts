import { isMutation, textOf, type Operation } from './documents.js';
import { KontoError, type Fault } from './errors.js';
import { follow, type Follow } from './follow.js';
import type { TokenSource } from './token.js';

export interface KontoOptions {
  /** Of the server, without a path: `https://konto.example`. */
  url: string;
  token: TokenSource;
  fetch?: typeof fetch;
  /** `ws` under Node before 22; browsers and newer versions of Node have their own. */
  webSocketImpl?: unknown;
  /** How often what failed is sent again, where it may be. */
  retries?: number;
  /** How long one request may take, in milliseconds. */
  timeout?: number;
}

/** What is to be known of a request. */
export interface RunOptions {
  signal?: AbortSignal;
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** A little longer each time, and never the same for two clients: in milliseconds. */
export function backOff(attempt: number): number {
  return Math.min(250 * 2 ** attempt, 10_000) * (0.5 + Math.random() / 2);
}

/** Konto, as one caller sees it. */
export class Konto {
  readonly #options: KontoOptions;

  constructor(options: KontoOptions) {
    this.#options = options;
  }

  /**
   * Runs a query or a mutation and gives its data. What failed is sent again where the fault says that it may be: a
   * mutation has an idempotency key in its input, which stays the same, so that it is done once.
   *
   * A business answer that says no is a `Refusal` in the data, and no error.
   *
   * @throws KontoError once nothing more is to be tried.
   */
  async run<Data = unknown, Variables = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
    options: RunOptions = {},
  ): Promise<Data> {
    const text = textOf(operation as Operation);
    const body = JSON.stringify({ query: text, variables });
    const retries = this.#options.retries ?? 5;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#send(body, isMutation(text), options.signal);
      if ('data' in outcome) return outcome.data as Data;
      const { error } = outcome;
      options.signal?.throwIfAborted();
      if (error.retry === 'NO' || attempt >= retries) throw error;
      await pause(Math.max(backOff(attempt), (error.retryAfter ?? 0) * 1000));
    }
  }

  async #send(
    body: string,
    mutation: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ data: unknown } | { error: KontoError }> {
    const ask = this.#options.fetch ?? fetch;
    // A token that cannot be had now is as good as a server that cannot be reached, and nothing was done.
    const lost = (reason: unknown, retry: 'SAFE' | 'SAME_KEY') =>
      ({ error: new KontoError([{ message: String(reason), extensions: { code: 'UNREACHABLE', retry } }]) });
    let token: string;
    try {
      token = await this.#options.token();
    } catch (reason) {
      return lost(reason, 'SAFE');
    }
    const signals = [AbortSignal.timeout(this.#options.timeout ?? 30_000), ...(signal === undefined ? [] : [signal])];
    try {
      const response = await ask(new URL('/graphql', this.#options.url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json',
        },
        body,
        signal: AbortSignal.any(signals),
      });
      const { data, errors } = (await response.json()) as { data?: unknown; errors?: Fault[] };
      if (errors !== undefined && errors.length > 0) return { error: new KontoError(errors) };
      if (data === undefined) return lost(`status ${response.status}`, mutation ? 'SAME_KEY' : 'SAFE');
      return { data };
    } catch (reason) {
      return lost(reason, mutation ? 'SAME_KEY' : 'SAFE');
    }
  }

  /**
   * The cursor of the last event that there is: where to begin to follow, when what is shown now is read first.
   * Undefined where nothing has happened yet.
   */
  async now(): Promise<string | undefined> {
    const query = '{ events(last: 1) { pageInfo { endCursor } } }';
    const data = await this.run<{ events: { pageInfo: { endCursor: string | null } } }>(query);
    return data.events.pageInfo.endCursor ?? undefined;
  }

  /**
   * Follows a subscription that takes `$after: Cursor` and asks for `cursor`: `ledgerEvents` and `balanceChanged`. It goes
   * on after the cursor of what it gave last, over broken connections, restarts and tokens that end, so that nothing is
   * missed and nothing comes twice. Begin after a cursor (`after`, `now()`): without one, what happens before the first
   * event has come is not seen when the connection breaks. It ends when it is left (`break`), when its signal says so, or with a fault that
   * no repetition mends.
   */
  follow<Data extends Record<string, unknown>, Variables = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
    options: Follow = {},
  ): AsyncGenerator<Data> {
    const { url, token, webSocketImpl } = this.#options;
    return follow<Data>({ url, token, webSocketImpl }, textOf(operation as Operation), variables as never, options);
  }
}
