// The client of graphql-sse, in the mode of distinct connections, against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { NetworkError, createClient } from 'graphql-sse';
import { FOLLOW, authorization, cuttable, followWhileCut, gaps, http, openAccount, pay, until } from './konto.mjs';

function client(options = {}) {
  const connecting = [];
  const made = createClient({
    url: http(),
    headers: { authorization },
    retry: () => pause(50),
    ...options,
    on: { connecting: (isRetry) => connecting.push(isRetry) },
  });
  return { client: made, connecting };
}

const all = (client, request) =>
  new Promise((resolve, reject) => {
    const results = [];
    client.subscribe(request, {
      next: (result) => results.push(result),
      error: reject,
      complete: () => resolve(results),
    });
  });

const stream = (body, headers = {}, init = {}) =>
  fetch(http(), {
    method: 'POST',
    headers: { authorization, accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...init,
  });

test('a subscriber that is cut off goes on after its cursor: nothing is missed, nothing comes twice', async () => {
  const way = await cuttable();
  const { client: ours, connecting } = client({ url: http(way.host) });
  try {
    const run = await followWhileCut({
      subscribe: (request, sink) => ours.subscribe(request, sink),
      cut: () => assert.ok(way.cut() > 0, 'there was something to cut'),
    });
    assert.deepEqual(gaps(run), []);
    assert.equal(connecting.filter((isRetry) => isRetry).length, 6, 'each cut made the client connect again');
    assert.equal(run.paid.length, 48);
  } finally {
    ours.dispose();
    way.close();
  }
});

test('queries and mutations are one result each', async () => {
  const { client: ours } = client();
  const account = await openAccount();
  const [read] = await all(ours, { query: '{ viewer { client } }' });
  assert.equal(read.data.viewer.client, 'demo-explorer');
  const query =
    'mutation($input: UpdateAccountInput!) { updateAccount(input: $input) { ... on UpdateAccountSuccess { replayed } } }';
  const input = { account: { id: account }, metadata: { over: 'SSE' }, idempotencyKey: `sse-${account}` };
  const [[once], [again]] = [
    await all(ours, { query, variables: { input } }),
    await all(ours, { query, variables: { input } }),
  ];
  assert.deepEqual([once.data.updateAccount.replayed, again.data.updateAccount.replayed], [false, true]);
});

test('what is wrong with an operation comes through the stream', async () => {
  const { client: ours } = client();
  for (const request of [
    { query: '{' },
    { query: '{ nothing }' },
    { query: 'subscription { nothing }' },
    { query: FOLLOW, variables: { after: 'nonsense' } },
    { query: FOLLOW, variables: { after: 7 } },
  ]) {
    const results = await all(ours, request);
    assert.deepEqual(
      results.map(({ errors }) => errors[0].extensions.code),
      ['BAD_REQUEST'],
      JSON.stringify(request),
    );
  }
});

test('several streams beside each other; one that is left does not disturb the other', async () => {
  const { client: ours } = client();
  const account = await openAccount();
  const query = 'subscription($filter: LedgerEventFilter) { ledgerEvents(filter: $filter) { entry { sequence } } }';
  const streams = [[], []].map((events) => {
    const sink = {
      next: ({ data }) => events.push(data.ledgerEvents.entry.sequence),
      error: assert.fail,
      complete() {},
    };
    return { events, stop: ours.subscribe({ query, variables: { filter: { accounts: [account] } } }, sink) };
  });
  await until(
    async () => streams.every(({ events }) => events.length > 0) || (await pay(account), false),
    'both streams',
  );
  streams[0].stop();
  const before = streams[0].events.length;
  const next = await pay(account);
  await until(() => streams[1].events.includes(next), 'the payment in the second stream');
  assert.equal(streams[0].events.length, before);
  streams[1].stop();
});

test('a client without a token tries as often as it should, then says why', async () => {
  const { client: ours, connecting } = client({ headers: {}, retryAttempts: 2 });
  const error = await all(ours, { query: '{ viewer { client } }' }).then(assert.fail, (error) => error);
  assert.ok(error instanceof NetworkError);
  assert.deepEqual([error.response.status, connecting], [401, [false, true, true]]);
});

test('the events as they are written', async () => {
  const response = await stream({ query: '{ viewer { client } }' });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const text = await response.text();
  const [next, complete, ...rest] = text.split('\n\n');
  const [event, data, ...more] = next.split('\n');
  assert.deepEqual([event, more, complete, rest], ['event: next', [], 'event: complete\ndata:', ['']]);
  assert.equal(JSON.parse(data.slice('data: '.length)).data.viewer.client, 'demo-explorer');
});

test('a subscription over GET, as EventSource sends it', async () => {
  const url = new URL(http());
  url.searchParams.set('query', 'subscription { ledgerEvents { sequence } }');
  const stop = new AbortController();
  const response = await fetch(url, { headers: { authorization, accept: 'text/event-stream' }, signal: stop.signal });
  assert.equal(response.status, 200);
  const account = await openAccount();
  const reader = response.body.getReader();
  let text = '';
  const reading = (async () => {
    for (;;) text += new TextDecoder().decode((await reader.read()).value);
  })().catch(() => {});
  await until(
    async () => /^event: next\ndata: .*"sequence"/m.test(text) || (await pay(account), false),
    () => `an event in ${text}`,
  );
  stop.abort();
  await reading;
});

test('the mode of a single connection is refused plainly', async () => {
  const response = await fetch(http(), { method: 'PUT', headers: { authorization } });
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, POST']);
  const { client: ours } = client({ singleConnection: true, retryAttempts: 0 });
  const error = await all(ours, { query: '{ viewer { client } }' }).then(assert.fail, (error) => error);
  assert.equal(error.response.status, 405);
});

test('a subscription whose caller takes no stream is refused with a word on what to send', async () => {
  const response = await stream(
    { query: 'subscription { ledgerEvents { sequence } }' },
    { accept: 'application/json' },
  );
  const { errors } = await response.json();
  assert.deepEqual([response.status, errors[0].extensions.code], [406, 'BAD_REQUEST']);
  assert.match(errors[0].message, /text\/event-stream/);
});
