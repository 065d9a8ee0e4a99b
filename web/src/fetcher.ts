import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { getOperationAST, parse, type FormattedExecutionResult, type OperationDefinitionNode } from 'graphql';
import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import type { Session } from './session';

const ENDPOINT = '/graphql';

/** Queries and mutations go over HTTP, subscriptions over one WebSocket per identity. */
export function createFetcher(session: Session): Fetcher {
  const clients = new Map<string, Client>();

  /** The socket for a header written by hand, or else for the session and its current token. */
  function clientFor(written: string | null): Client {
    const name = written ?? `session ${session.state.identity}`;
    const known = clients.get(name);
    if (known) return known;
    const url = new URL(ENDPOINT, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const client = createClient({
      url: url.href,
      connectionParams: async () => {
        const authorization = written ?? bearer(await session.fresh());
        return authorization ? { authorization } : {};
      },
      // Connecting again would hide the events missed in between. A lost connection is shown.
      retryAttempts: 0,
      lazyCloseTimeout: 2_000,
    });
    clients.set(name, client);
    return client;
  }

  const fetcher = (params: FetcherParams, options?: FetcherOpts) => {
    const headers: Record<string, string> = { ...options?.headers };
    const written = takeAuthorization(headers, session);
    const chosen = chosenOperation(params);
    const request = chosen ? { ...params, operationName: chosen.name?.value } : params;
    if (chosen?.operation === 'subscription') {
      return listen(clientFor(written).iterate(request as SubscribePayload), session);
    }
    return post(request, headers, written, session);
  };
  // GraphiQL's type asks for errors as graphql-js makes them; it only ever prints them.
  return fetcher as Fetcher;
}

async function post(
  params: FetcherParams,
  headers: Record<string, string>,
  written: string | null,
  session: Session,
): Promise<FormattedExecutionResult> {
  const authorization = written ?? bearer(await session.fresh());
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...headers,
      'content-type': 'application/json',
      ...(authorization ? { authorization } : {}),
    },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  let result: FormattedExecutionResult;
  try {
    result = JSON.parse(text);
  } catch {
    throw new Error(`HTTP ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
  session.heard(response.status === 401 || isUnauthenticated(result));
  return result;
}

/**
 * Passes events on as they come. Written out rather than as a generator: a generator would only
 * stop after the next event, and Stop should stop now.
 */
function listen(
  events: AsyncIterableIterator<FormattedExecutionResult>,
  session: Session,
): AsyncIterableIterator<FormattedExecutionResult> {
  let failed = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (failed) return { done: true, value: undefined };
      try {
        const step = await events.next();
        if (!step.done) session.heard(isUnauthenticated(step.value));
        return step;
      } catch (reason) {
        failed = true;
        const result = explain(reason);
        session.heard(isUnauthenticated(result));
        return { done: false, value: result };
      }
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** What ended a subscription, as a GraphQL answer: the editor shows it like any other. */
function explain(reason: unknown): FormattedExecutionResult {
  if (Array.isArray(reason)) return { errors: reason };
  if (reason instanceof CloseEvent) {
    // 4401 and 4403 are how the graphql-ws protocol says "not signed in" and "refused".
    const code = reason.code === 4401 || reason.code === 4403 ? 'UNAUTHENTICATED' : 'CONNECTION_CLOSED';
    const message = `The connection closed: ${reason.code} ${reason.reason}`.trim();
    return { errors: [{ message, extensions: { code } }] };
  }
  const message = reason instanceof Error ? reason.message : 'The connection failed.';
  return { errors: [{ message }] };
}

/**
 * Takes the authorization header out, and returns it when it is the person's own. One that this
 * page filled in is left to the session, which knows the newest token for it.
 */
function takeAuthorization(headers: Record<string, string>, session: Session): string | null {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  if (!name) return null;
  const value = String(headers[name] ?? '');
  delete headers[name];
  const ours = session.issued(value.replace(/^Bearer\s+/i, ''));
  return value && !ours ? value : null;
}

/**
 * The operation to run. Right after a change of tabs the editor may still name the one of the tab
 * before; where there is no operation of that name, the document decides.
 */
function chosenOperation({ query, operationName }: FetcherParams): OperationDefinitionNode | null {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document) ?? null;
  } catch {
    return null; // The server explains a syntax error better than we could.
  }
}

function isUnauthenticated(result: FormattedExecutionResult): boolean {
  return result?.errors?.some((error) => error.extensions?.['code'] === 'UNAUTHENTICATED') ?? false;
}

function bearer(token: string | null): string | null {
  return token ? `Bearer ${token}` : null;
}
