// graphql-transport-ws frame by frame, against the real server: what is answered, and the code of each close.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { authorization, host, ws } from './konto.mjs';

const PROTOCOL = 'graphql-transport-ws';
const INIT = { type: 'connection_init', payload: { authorization } };
const FOLLOW = { type: 'subscribe', id: 'a', payload: { query: 'subscription { ledgerEvents { sequence } }' } };
const ASK = { type: 'subscribe', id: 'a', payload: { query: '{ viewer { client } }' } };

/** A socket whose messages are awaited one by one; a close is `[code, reason]`. */
async function open({ protocols = PROTOCOL, ...options } = {}) {
  const socket = new WebSocket(ws(), protocols, options);
  const heard = [];
  let wake = () => {};
  const note = (what) => {
    heard.push(what);
    wake();
  };
  socket.on('message', (data, isBinary) => note(isBinary ? 'binary' : JSON.parse(data.toString())));
  socket.on('close', (code, reason) => note([code, reason.toString()]));
  await new Promise((opened, failed) => {
    socket.on('open', opened);
    socket.on('unexpected-response', (request, response) => {
      failed(response.statusCode);
      request.destroy();
    });
    socket.on('error', failed);
  });
  return {
    socket,
    say(...messages) {
      for (const message of messages) {
        const raw = typeof message === 'string' || Buffer.isBuffer(message);
        socket.send(raw ? message : JSON.stringify(message));
      }
    },
    async hear() {
      const end = setTimeout(() => note('silence'), 20_000);
      while (heard.length === 0) await new Promise((woken) => (wake = woken));
      clearTimeout(end);
      return heard.shift();
    },
  };
}

async function ready() {
  const socket = await open();
  socket.say(INIT);
  assert.deepEqual(await socket.hear(), { type: 'connection_ack' });
  return socket;
}

const closes = [
  ['text that is not JSON', ['{'], 4400],
  ['JSON that is no object', ['[1]'], 4400],
  ['an empty message', [''], 4400],
  ['a binary message', [Buffer.from(JSON.stringify(INIT))], 4400],
  ['a message without a type', [{}], 4400],
  ['a type that does not exist', [{ type: 'start' }], 4400],
  ['a type that is the server’s (connection_ack)', [{ type: 'connection_ack' }], 4400],
  ['a type that is the server’s (next)', [INIT, { type: 'next', id: 'a', payload: { data: {} } }], 4400],
  ['a type that is the server’s (error)', [INIT, { type: 'error', id: 'a', payload: [] }], 4400],
  ['connection_init with a payload that is no object', [{ type: 'connection_init', payload: 7 }], 4400],
  ['ping with a payload that is no object', [{ type: 'ping', payload: 'x' }], 4400],
  ['pong with a payload that is no object', [{ type: 'pong', payload: [] }], 4400],
  ['subscribe without an id', [INIT, { type: 'subscribe', payload: ASK.payload }], 4400],
  ['subscribe with an empty id', [INIT, { ...ASK, id: '' }], 4400],
  ['subscribe with an id that is no string', [INIT, { ...ASK, id: 1 }], 4400],
  ['subscribe without a payload', [INIT, { type: 'subscribe', id: 'a' }], 4400],
  ['subscribe without a query', [INIT, { ...ASK, payload: {} }], 4400],
  ['a query that is no string', [INIT, { ...ASK, payload: { query: 7 } }], 4400],
  ['variables that are no object', [INIT, { ...ASK, payload: { ...ASK.payload, variables: [1] } }], 4400],
  ['an operation name that is no string', [INIT, { ...ASK, payload: { ...ASK.payload, operationName: 1 } }], 4400],
  ['extensions that are no object', [INIT, { ...ASK, payload: { ...ASK.payload, extensions: 'x' } }], 4400],
  ['complete without an id', [INIT, { type: 'complete' }], 4400],
  ['subscribe before connection_init', [ASK], 4401, 'Unauthorized'],
  ['connection_init without a token', [{ type: 'connection_init' }], 4401, 'Unauthorized'],
  [
    'connection_init with a token that is no good',
    [{ type: 'connection_init', payload: { authorization: 'Bearer x' } }],
    4403,
    'Forbidden',
  ],
  ['no connection_init in time', [], 4408, 'Connection initialisation timeout'],
  ['the id of an operation that still runs', [INIT, FOLLOW, FOLLOW], 4409, 'Subscriber for a already exists'],
  ['a second connection_init', [INIT, INIT], 4429, 'Too many initialisation requests'],
  [
    'a second connection_init, when the first has long been acknowledged',
    [INIT, ASK, INIT],
    4429,
    'Too many initialisation requests',
  ],
  ['a message that is too long', [{ type: 'ping', payload: { x: 'y'.repeat(300_000) } }], 1009],
];

for (const [what, messages, code, reason] of closes) {
  test(`${what}: ${code}`, async () => {
    const { say, hear } = await open();
    say(...messages);
    let last = await hear();
    while (!Array.isArray(last) && last !== 'silence') last = await hear();
    assert.equal(last[0], code, JSON.stringify(last));
    if (reason) assert.equal(last[1], reason);
    else assert.notEqual(last[1], '', 'a close says why');
    assert.ok(Buffer.byteLength(last[1]) <= 123);
  });
}

test('no subprotocol: 4406', async () => {
  const { hear } = await open({ protocols: [] });
  assert.deepEqual(await hear(), [4406, 'Subprotocol not acceptable']);
});

test('the subprotocol is chosen from what the client offers', async () => {
  const { socket } = await open({ protocols: ['graphql-ws', PROTOCOL] });
  assert.equal(socket.protocol, PROTOCOL);
  socket.close();
});

test('a page of another host cannot connect', async () => {
  assert.equal(await open({ origin: 'https://elsewhere.example' }).catch((status) => status), 403);
  const { socket } = await open({ origin: `http://${host}` });
  socket.close();
});

test('a token in the upgrade is enough', async () => {
  const { say, hear, socket } = await open({ headers: { authorization } });
  say({ type: 'connection_init' });
  assert.deepEqual(await hear(), { type: 'connection_ack' });
  socket.close();
});

test('ping and pong, before and after the acknowledgement', async () => {
  const { say, hear, socket } = await open();
  for (const init of [false, true]) {
    if (init) {
      say(INIT);
      assert.deepEqual(await hear(), { type: 'connection_ack' });
    }
    say({ type: 'ping' });
    assert.deepEqual(await hear(), { type: 'pong' });
    say({ type: 'ping', payload: { n: 1 } });
    assert.deepEqual(await hear(), { type: 'pong', payload: { n: 1 } });
    // A pong that nobody asked for says that the client is alive, and needs no answer.
    say({ type: 'pong' }, { type: 'pong', payload: { n: 1 } });
  }
  const ponged = new Promise((answer) => socket.once('pong', (data) => answer(data.toString())));
  socket.ping('frame');
  assert.equal(await ponged, 'frame', 'a ping of WebSocket itself');
  socket.close();
});

test('a query is one next and one complete; its id is free again', async () => {
  const { say, hear, socket } = await ready();
  for (let i = 0; i < 3; i++) {
    say(ASK);
    const next = await hear();
    assert.deepEqual([next.id, next.type, next.payload.data], ['a', 'next', { viewer: { client: 'demo-explorer' } }]);
    assert.deepEqual(await hear(), { id: 'a', type: 'complete' });
  }
  socket.close();
});

test('a request error is one error message, the last of its operation; its id is free again', async () => {
  const { say, hear, socket } = await ready();
  for (const query of [
    '{',
    '{ nothing }',
    'mutation { nothing }',
    'subscription { nothing }',
    'fragment F on Query { viewer { client } }',
  ]) {
    say({ ...ASK, payload: { query } });
    const error = await hear();
    assert.deepEqual([error.id, error.type, Array.isArray(error.payload)], ['a', 'error', true], query);
    assert.equal(error.payload[0].extensions.code, 'BAD_REQUEST');
    assert.equal(typeof error.payload[0].message, 'string');
  }
  say(ASK);
  assert.equal((await hear()).type, 'next');
  socket.close();
});

test('complete for what does not run is no offence', async () => {
  const { say, hear, socket } = await ready();
  say({ type: 'complete', id: 'unknown' }, ASK);
  assert.deepEqual([(await hear()).type, (await hear()).type], ['next', 'complete']);
  say({ type: 'complete', id: 'a' }, ASK);
  assert.deepEqual([(await hear()).type, (await hear()).type], ['next', 'complete']);
  socket.close();
});

test('a subscription that the client completes frees its id', async () => {
  const { say, hear, socket } = await ready();
  say(FOLLOW, { type: 'complete', id: 'a' }, ASK);
  // An event of the demo's own may have been under way.
  let message = await hear();
  while (message.type === 'next' && message.payload.data.ledgerEvents) message = await hear();
  assert.equal(message.payload.data?.viewer?.client, 'demo-explorer', JSON.stringify(message));
  assert.deepEqual(await hear(), { id: 'a', type: 'complete' });
  socket.close();
});

test('the server confirms the client’s close', async () => {
  const { socket, hear } = await ready();
  socket.close(1000, 'done');
  assert.equal((await hear())[0], 1000);
});
