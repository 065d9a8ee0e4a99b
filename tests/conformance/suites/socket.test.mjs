// The client of graphql-ws against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { FOLLOW, authorization, cuttable, followWhileCut, gaps, key, openAccount, pay, until, ws } from './konto.mjs';

function client(options = {}) {
  const seen = { connecting: [], closed: [], opened: [], pongs: 0, sockets: [] };
  const made = createClient({
    url: ws(),
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryWait: () => pause(50),
    ...options,
    on: {
      connecting: (isRetry) => seen.connecting.push(isRetry),
      opened: (socket) => seen.sockets.push(socket),
      closed: (event) => seen.closed.push(event.code),
      pong: (received) => (seen.pongs += received ? 1 : 0),
    },
  });
  return { client: made, seen };
}

/** The results of an operation that ends by itself, or what it failed with. */
const all = (client, request) =>
  new Promise((resolve, reject) => {
    const results = [];
    client.subscribe(request, {
      next: (result) => results.push(result),
      error: reject,
      complete: () => resolve(results),
    });
  });

const refusal = (promise) =>
  promise.then(
    (results) => assert.fail(`it succeeded: ${JSON.stringify(results)}`),
    (error) => error,
  );

test('a subscriber that is cut off goes on after its cursor: nothing is missed, nothing comes twice', async () => {
  const way = await cuttable();
  const { client: ours, seen } = client({ url: ws(way.host) });
  try {
    const run = await followWhileCut({
      subscribe: (request, sink) => ours.subscribe(request, sink),
      // By turns the client's end goes and both do.
      cut: (n) => (n % 2 === 0 ? seen.sockets.at(-1).terminate() : way.cut()),
    });
    assert.deepEqual(gaps(run), []);
    assert.equal(seen.connecting.filter((isRetry) => isRetry).length, 6, 'each cut made the client connect again');
    assert.equal(run.paid.length, 48);
  } finally {
    await ours.dispose();
    way.close();
  }
});

test('a client that finds nobody tries as often as it should, then gives up', async () => {
  const way = await cuttable();
  way.close();
  const { client: ours, seen } = client({ url: ws(way.host), retryAttempts: 3, shouldRetry: () => true });
  await refusal(all(ours, { query: '{ viewer { client } }' }));
  assert.deepEqual(seen.connecting, [false, true, true, true]);
});

test('a token that is refused is not final: the client asks for another and goes on', async () => {
  let asked = 0;
  const { client: ours, seen } = client({
    connectionParams: () => (++asked === 1 ? { authorization: 'Bearer nonsense' } : { authorization }),
  });
  const [result] = await all(ours, { query: '{ viewer { client } }' });
  assert.equal(result.data.viewer.client, 'demo-explorer');
  assert.deepEqual([seen.connecting, seen.closed[0]], [[false, true], 4403]);
});

test('no token at all is final: the client does not try again', async () => {
  const { client: ours, seen } = client({ connectionParams: undefined });
  const error = await refusal(all(ours, { query: '{ viewer { client } }' }));
  assert.deepEqual([error.code, error.reason, seen.connecting], [4401, 'Unauthorized', [false]]);
});

test('queries, mutations, failures and subscriptions share one socket', async () => {
  const { client: ours, seen } = client({ lazyCloseTimeout: 2_000 });
  const account = await openAccount();
  const streams = [[], []].map((events) => {
    const variables = { filter: { accounts: [account] } };
    const query = 'subscription($filter: LedgerEventFilter) { ledgerEvents(filter: $filter) { entry { sequence } } }';
    const stop = ours.subscribe(
      { query, variables },
      {
        next: ({ data }) => events.push(data.ledgerEvents.entry.sequence),
        error: assert.fail,
        complete: () => events.push('complete'),
      },
    );
    return { events, stop };
  });
  await until(
    async () => streams.every(({ events }) => events.length > 0) || (await pay(account), false),
    'both streams',
  );

  const failures = [
    ['{', 'BAD_REQUEST'],
    ['{ nothing }', 'BAD_REQUEST'],
    ['subscription { nothing }', 'BAD_REQUEST'],
    ['query($a: Int!) { accounts(first: $a) { nodes { id } } }', 'BAD_REQUEST'],
    [`{ ${Array.from({ length: 40 }, (_, i) => `a${i}: viewer { client }`).join(' ')} }`, 'OVER_LIMIT'],
  ];
  const transfer = {
    account: { id: account },
    amount: { amount: '2.00', currency: 'EUR' },
    channel: 'CASH',
    idempotencyKey: key(),
  };
  const pays =
    'mutation($input: PostPaymentInput!) { postPayment(input: $input) { ... on PostPaymentSuccess { replayed entry { sequence } } } }';
  const [queries, mutation, ...errors] = await Promise.all([
    Promise.all(Array.from({ length: 10 }, () => all(ours, { query: '{ viewer { client } }' }))),
    all(ours, { query: pays, variables: { input: transfer } }),
    ...failures.map(([query]) => refusal(all(ours, { query }))),
  ]);
  for (const results of queries)
    assert.deepEqual(
      results.map(({ data }) => data.viewer.client),
      ['demo-explorer'],
    );
  assert.equal(mutation[0].data.postPayment.replayed, false);
  errors.forEach(([error], i) => assert.equal(error.extensions.code, failures[i][1], failures[i][0]));
  const { sequence } = mutation[0].data.postPayment.entry;
  await until(() => streams.every(({ events }) => events.includes(sequence)), 'the payment in both streams');

  // One that is completed falls silent; the other one goes on.
  streams[0].stop();
  const next = await pay(account);
  await until(() => streams[1].events.includes(next), 'the payment in the second stream');
  await all(ours, { query: '{ viewer { client } }' });
  assert.deepEqual([streams[0].events.includes(next), streams[0].events.at(-1)], [false, 'complete']);
  streams[1].stop();
  assert.deepEqual([seen.connecting, seen.closed], [[false], []]);
  await ours.dispose();
  await until(() => seen.closed.length > 0, 'the close');
  assert.deepEqual(seen.closed, [1000]);
});

test('a subscription that cannot begin fails alone', async () => {
  const { client: ours } = client();
  const [error] = await refusal(all(ours, { query: FOLLOW, variables: { after: 'nonsense' } }));
  assert.equal(error.extensions.code, 'BAD_REQUEST');
  assert.equal((await all(ours, { query: '{ viewer { client } }' })).length, 1);
});

test('pings of the client are answered, also while a subscription is open', async () => {
  const { client: ours, seen } = client({ keepAlive: 40 });
  const stop = ours.subscribe({ query: FOLLOW }, { next() {}, error: assert.fail, complete() {} });
  await until(() => seen.pongs >= 3, 'three pongs');
  stop();
  await until(() => seen.closed.length > 0, 'the close');
  assert.deepEqual([seen.connecting, seen.closed], [[false], [1000]]);
});
