// The client against a real `konto serve` on SQLite, which is killed and started again. KONTO_BIN names the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { Konto, KontoError, clientCredentials, possibleTypes } from '../dist/index.js';

const { KONTO_BIN } = process.env;
if (!KONTO_BIN) throw new Error('KONTO_BIN is not set: the program konto');

const SECRET = 'a-secret-of-the-tests';
let folder, url, server;

async function freePort() {
  const socket = createServer();
  await new Promise((ready) => socket.listen(0, '127.0.0.1', ready));
  const { port } = socket.address();
  await new Promise((closed) => socket.close(closed));
  return port;
}

async function start() {
  const { port } = new URL(url);
  server = spawn(KONTO_BIN, ['serve', '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      KONTO_LOG: 'error',
      KONTO_DATABASE_URL: `sqlite://${join(folder, 'konto.db')}?mode=rwc`,
      KONTO_BOOTSTRAP_CLIENT: `acme:backoffice:${SECRET}`,
    },
  });
  let said = '';
  server.stderr.on('data', (text) => (said += text));
  for (const end = Date.now() + 60_000; ; await pause(50)) {
    if (await fetch(new URL('/health/ready', url)).then((answer) => answer.ok, () => false)) return;
    if (server.exitCode !== null || Date.now() > end) throw new Error(`konto serve is not ready: ${said}`);
  }
}

/** Without a word to anybody. */
async function kill() {
  const gone = new Promise((exited) => server.once('exit', exited));
  server.kill('SIGKILL');
  await gone;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konto-client-'));
  url = `http://127.0.0.1:${await freePort()}`;
  await start();
});

after(async () => {
  if (server) await kill();
  await rm(folder, { recursive: true, force: true });
});

const credentials = () => clientCredentials({ url, clientId: 'backoffice', clientSecret: SECRET });
const konto = (options = {}) => new Konto({ url, token: credentials(), webSocketImpl: WebSocket, ...options });

const CREATE = `mutation Create($input: CreatePartyInput!) { createParty(input: $input) {
  ... on CreatePartySuccess { replayed party { id } } ... on Refusal { code fields { path } } } }`;
let keys = 0;
const party = (name = 'A creditor') => ({ input: { name, idempotencyKey: `client-${process.pid}-${keys++}` } });

test('one token serves all, and a wrong secret says so', async () => {
  let asked = 0;
  const counting = (...request) => (asked++, fetch(...request));
  const token = clientCredentials({ url, clientId: 'backoffice', clientSecret: SECRET, fetch: counting });
  const all = await Promise.all([token(), token(), token()]);
  assert.deepEqual([new Set(all).size, asked], [1, 1]);
  const wrong = clientCredentials({ url, clientId: 'backoffice', clientSecret: 'another' });
  await assert.rejects(wrong(), /invalid_client/);
});

test('a fault is thrown with its code and is not sent again, a refusal is an answer', async () => {
  let asked = 0;
  const ours = konto({ fetch: (...request) => (asked++, fetch(...request)) });
  const fault = await ours.run('{ nothing }').then(assert.fail, (error) => error);
  assert.ok(fault instanceof KontoError);
  assert.deepEqual([fault.code, fault.retry, asked], ['BAD_REQUEST', 'NO', 1]);
  assert.ok(fault.requestId);
  const { createParty } = await ours.run(CREATE, party(' '));
  assert.equal(createParty.code, 'INVALID_INPUT');
});

test('what may have been done is sent again under its key and is done once', async () => {
  let broken = 0;
  const breaks = async (...request) => {
    const answer = await fetch(...request);
    // The answer is lost on its way, after all was done.
    if (broken++ < 2) throw new TypeError('cut');
    return answer;
  };
  const { createParty } = await konto({ fetch: breaks }).run(CREATE, party());
  assert.deepEqual([createParty.replayed, broken], [true, 3]);
  const down = konto({ fetch: () => Promise.reject(new TypeError('cut')), retries: 1 });
  const fault = await down.run(CREATE, party()).then(assert.fail, (error) => error);
  assert.deepEqual([fault.code, fault.retry], ['UNREACHABLE', 'SAME_KEY']);
});

test('nothing is lost and nothing comes twice over two restarts', async () => {
  const ours = konto();
  await ours.run(CREATE, party());
  const from = await ours.now();
  assert.ok(from);
  const leave = new AbortController();
  const seen = [];
  let lost = 0;
  const FOLLOW = 'subscription($after: Cursor) { ledgerEvents(after: $after) { cursor sequence subject } }';
  const reading = (async () => {
    const options = { after: from, signal: leave.signal, reconnecting: () => lost++ };
    for await (const { ledgerEvents } of ours.follow(FOLLOW, {}, options)) seen.push(ledgerEvents);
  })();
  const made = [];
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 20; n++) made.push((await ours.run(CREATE, party())).createParty.party.id);
    if (round === 2) break;
    await kill();
    await start();
  }
  for (const end = Date.now() + 30_000; seen.length < made.length && Date.now() < end; ) await pause(50);
  leave.abort();
  await reading;
  assert.deepEqual(seen.map((event) => event.subject), made);
  const sequences = seen.map((event) => Number(event.sequence));
  assert.deepEqual(sequences, sequences.map((_, n) => sequences[0] + n));
  assert.ok(lost >= 2, `${lost} times`);
});

test('a token is renewed on the open socket', async () => {
  // A source whose tokens are near their end: the client renews at once, and the socket stays.
  const real = credentials();
  const issued = [];
  const ours = konto({
    token: async () => {
      const token = await clientCredentials({ url, clientId: 'backoffice', clientSecret: SECRET })();
      issued.push(token);
      return token;
    },
    webSocketImpl: class extends WebSocket {
      send(text, ...rest) {
        if (String(text).includes('"ping"')) pings.push(JSON.parse(text));
        return super.send(text, ...rest);
      }
      constructor(...given) {
        super(...given);
        this.on('message', (text) => (String(text).includes('"pong"') ? pongs.push(JSON.parse(text)) : undefined));
      }
    },
  });
  const pings = [];
  const pongs = [];
  await real();
  const now = Date.now;
  // An hour less half a minute has gone by, as far as the client knows.
  const leave = new AbortController();
  const follow = (async () => {
    const options = { signal: leave.signal };
    for await (const _ of ours.follow('subscription { ledgerEvents { cursor } }', {}, options)) break;
  })();
  Date.now = () => now() + 3_570_000;
  try {
    for (const end = now() + 20_000; pongs.length === 0 && now() < end; ) await pause(20);
  } finally {
    Date.now = now;
  }
  assert.ok(issued.length >= 2 && pings.length >= 1);
  assert.equal(pongs[0].payload.renewed, true);
  leave.abort();
  await follow;
});

test('a subscription that is wrong ends with its fault', async () => {
  const wrong = konto().follow('subscription { ledgerEvents(after: "nonsense") { cursor } }');
  const fault = await wrong.next().then(assert.fail, (error) => error);
  assert.ok(fault instanceof KontoError, String(fault));
  assert.equal(fault.code, 'BAD_REQUEST');
});

test('caches learn which types stand behind interfaces', () => {
  assert.ok(possibleTypes.Account.includes('CardAccount'));
  assert.ok(possibleTypes.CreatePartyResult.includes('Refusal'));
});
