import { createClient, type Client } from 'graphql-ws';
import { KontoError, type Fault } from './errors.js';
import { endOf, type TokenSource } from './token.js';

/** What is to be known of following. */
export interface Follow {
  /** Where to begin: after this cursor. */
  after?: string;
  signal?: AbortSignal;
  /** Told when a connection is lost and made again. */
  reconnecting?: (reason: unknown) => void;
}

interface Way {
  url: string;
  token: TokenSource;
  webSocketImpl?: unknown;
}

/** How long before its end a token is renewed, in milliseconds. */
const SPARE = 60_000;
/** The longest that a timer of browsers waits, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Renews the token of an open socket before it ends, by the payload of a `ping`. */
function renewing(socket: WebSocket, token: TokenSource, first: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (present: string) => {
    const end = endOf(present);
    if (end === undefined) return;
    timer = setTimeout(async () => {
      // Without a new one the socket closes with the old one's end, and is opened again.
      const next = await token().catch(() => undefined);
      if (next === undefined || next === present || socket.readyState !== 1) return;
      socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${next}` } }));
      wait(next);
    }, Math.min(Math.max(end - SPARE - Date.now(), 0), LONGEST));
  };
  wait(first);
  return () => clearTimeout(timer);
}

function socketClient(way: Way, told: (reason: unknown) => void): Client {
  const url = new URL('/graphql', way.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  let present = '';
  let stop = () => {};
  return createClient({
    url: url.href,
    ...(way.webSocketImpl === undefined ? {} : { webSocketImpl: way.webSocketImpl }),
    connectionParams: async () => {
      present = await way.token();
      return { authorization: `Bearer ${present}` };
    },
    // Each connection is this module's to make anew: it knows the cursor.
    retryAttempts: 0,
    keepAlive: 20_000,
    on: {
      connected: (socket) => {
        stop();
        stop = renewing(socket as WebSocket, way.token, present);
      },
      closed: (event) => {
        stop();
        told(event);
      },
    },
  });
}

/** Close codes that say what no repetition mends: the messages are wrong, or the token is. */
const FINAL = new Set([4400, 4403, 4406, 4409, 4429]);

/** The faults in what a subscription ended with, if that is what it ended with. */
function faultsOf(reason: unknown): Fault[] | undefined {
  if (Array.isArray(reason)) return reason as Fault[];
  const code = (reason as { code?: unknown } | undefined)?.code;
  if (typeof code === 'number' && FINAL.has(code)) {
    const said = (reason as { reason?: string }).reason;
    return [{ message: `the server closed the socket: ${code} ${said ?? ''}`, extensions: { code: String(code), retry: 'NO' } }];
  }
  return undefined;
}

const pause = (milliseconds: number, signal: AbortSignal | undefined) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });

export async function* follow<Data extends Record<string, unknown>>(
  way: Way,
  query: string,
  variables: Record<string, unknown> | undefined,
  options: Follow,
): AsyncGenerator<Data> {
  let after = options.after;
  const { signal } = options;
  const told = (reason: unknown) => options.reconnecting?.(reason);
  for (let attempt = 0; !signal?.aborted; ) {
    const client = socketClient(way, () => {});
    const leave = () => void client.dispose();
    signal?.addEventListener('abort', leave, { once: true });
    let reason: unknown;
    try {
      const results = client.iterate<Data>({
        query,
        variables: after === undefined ? (variables ?? {}) : { ...variables, after },
      });
      for await (const { data, errors } of results) {
        if (errors !== undefined && errors.length > 0) throw errors;
        if (data === null || data === undefined) continue;
        attempt = 0;
        const cursor = cursorOf(data);
        yield data;
        // What was given and not taken, because whoever follows has left or thrown, is not behind us.
        if (cursor !== undefined) after = cursor;
      }
    } catch (thrown) {
      const faults = faultsOf(thrown);
      if (faults === undefined && !isOfTheWay(thrown)) throw thrown;
      if (faults !== undefined) {
        const error = new KontoError(faults);
        if (error.retry === 'NO' && error.code !== 'UNAUTHENTICATED') throw error;
        // The server may have passed over what is not for us, and says how far.
        after = faults.find((fault) => fault.extensions?.cursor !== undefined)?.extensions?.cursor ?? after;
      }
      reason = thrown;
    } finally {
      signal?.removeEventListener('abort', leave);
      await client.dispose();
    }
    if (signal?.aborted) return;
    told(reason);
    await pause(Math.min(100 * 2 ** attempt++, 5_000) * (0.5 + Math.random() / 2), signal);
  }
}

/** Whether it is the connection that failed, and not whoever follows. */
function isOfTheWay(thrown: unknown): boolean {
  const event = thrown as { code?: unknown; type?: unknown; message?: unknown } | undefined;
  return typeof event?.code === 'number' || typeof event?.type === 'string' || thrown instanceof TypeError;
}

/** The cursor of the one field of a subscription. */
function cursorOf(data: Record<string, unknown>): string | undefined {
  for (const value of Object.values(data)) {
    const cursor = (value as { cursor?: unknown } | null)?.cursor;
    if (typeof cursor === 'string') return cursor;
  }
  return undefined;
}
