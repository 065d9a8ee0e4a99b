// A running `konto demo` as the suites see it: KONTO_URL names it.
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const { KONTO_URL } = process.env;
if (!KONTO_URL) throw new Error('KONTO_URL is not set: the address of a running `konto demo`');

export const host = new URL(KONTO_URL).host;
export const http = (at = host) => `http://${at}/graphql`;
export const ws = (at = host) => `ws://${at}/graphql`;

/** The token that the demo signs its visitors in with: all scopes, of the tenant. */
export const { token } = await (await fetch(new URL('/explorer/config.json', KONTO_URL))).json();
export const authorization = `Bearer ${token}`;

/** The data of one operation over plain HTTP; throws on any error. */
export async function run(query, variables) {
  const response = await fetch(http(), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${response.status} ${JSON.stringify(errors)}`);
  return data;
}

let keys = 0;
export const key = () => `conformance-${process.pid}-${Date.now()}-${keys++}`;

async function done(name, type, input, selection) {
  const query = `mutation($input: ${type}!) { ${name}(input: $input) {
    ... on ${name[0].toUpperCase()}${name.slice(1)}Success { ${selection} } ... on Refusal { code message } } }`;
  const result = (await run(query, { input: { idempotencyKey: key(), ...input } }))[name];
  if (result.code) throw new Error(`${name}: ${result.code} ${result.message}`);
  return result;
}

/** A new current account in euros; its id. */
export async function openAccount() {
  const owner = await done(
    'createCustomer',
    'CreateCustomerInput',
    { type: 'PERSON', lastName: 'Audit' },
    'customer { id }',
  );
  const input = { owner: { id: owner.customer.id }, product: { code: 'current' } };
  return (await done('openAccount', 'OpenAccountInput', input, 'account { id }')).account.id;
}

/** Books a payment to an account; the entry's sequence. */
export async function pay(account, amount = '1.00') {
  const input = { account: { id: account }, amount: { amount, currency: 'EUR' }, channel: 'BANK_TRANSFER' };
  return (await done('postPayment', 'PostPaymentInput', input, 'entry { sequence }')).entry.sequence;
}

/** Waits until the condition holds; throws after a minute. */
export async function until(condition, what, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await pause(20)) {
    if (Date.now() > end) throw new Error(`waited in vain: ${typeof what === 'function' ? what() : what}`);
  }
}

/** A way to Konto that can be cut: every connection through it ends without a word to either side. */
export async function cuttable() {
  const pairs = new Set();
  const [upstreamHost, upstreamPort] = host.split(':');
  const server = createServer((near) => {
    const pair = [near, connect(Number(upstreamPort), upstreamHost)];
    pairs.add(pair);
    near.pipe(pair[1]).pipe(near);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    host: `127.0.0.1:${server.address().port}`,
    /** Cuts what is open; the number of connections. */
    cut() {
      const count = pairs.size;
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
      return count;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}

export const FOLLOW = `subscription Follow($after: Cursor) {
  ledgerEvents(after: $after) { cursor sequence type entry { sequence } }
}`;

/**
 * Follows the whole log with `subscribe({ query, variables }, sink)` while payments are made and `cut(n)` breaks
 * the connection again and again. Every event of the tenant must come once and in order: the log's numbers have no
 * gaps, so a missing event shows, whoever made it.
 */
export async function followWhileCut({ subscribe, cut, cuts = 6, between = 8 }) {
  const account = await openAccount();
  const events = [];
  const problems = [];
  let cursor = null;
  // The clients write the same request again when they reconnect, and so read the cursor anew.
  const variables = {
    get after() {
      return cursor;
    },
  };
  const stop = subscribe(
    { query: FOLLOW, variables },
    {
      next({ data, errors }) {
        if (errors) return problems.push(JSON.stringify(errors));
        events.push(data.ledgerEvents);
        cursor = data.ledgerEvents.cursor;
      },
      error: (error) => problems.push(String(error?.reason ?? error)),
      complete: () => {},
    },
  );
  try {
    // Without a cursor the log is followed from the moment on at which the server begins, which nothing tells.
    await until(async () => events.length > 0 || (await pay(account), false), 'the first event');
    const paid = [];
    for (let n = 0; n < cuts; n++) {
      for (let i = 0; i < between; i++) {
        if (i === between / 2) cut(n);
        paid.push(await pay(account));
      }
      const last = paid.at(-1);
      await until(
        () => problems.length > 0 || events.some(({ entry }) => entry?.sequence === last),
        () => `entry ${last} after cut ${n + 1}; ${events.length} events so far`,
      );
      if (problems.length > 0) break;
    }
    return { events, paid, problems };
  } finally {
    stop();
  }
}

/** What is wrong with a run of `followWhileCut`; nothing, when all is well. */
export function gaps({ events, paid, problems }) {
  const wrong = [...problems];
  for (let i = 1; i < events.length; i++) {
    const [before, here] = [BigInt(events[i - 1].sequence), BigInt(events[i].sequence)];
    if (here !== before + 1n) wrong.push(`event ${here} came after event ${before}`);
  }
  for (const sequence of paid) {
    const times = events.filter(({ entry }) => entry?.sequence === sequence).length;
    if (times !== 1) wrong.push(`entry ${sequence} came ${times} times`);
  }
  return wrong;
}
