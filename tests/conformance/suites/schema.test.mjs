// schema.graphql in the hands of others: Relay's rules, Relay's compiler and runtime, the code generator, and the
// comparison with the last release.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core';
import { ESLint } from 'eslint';
import { buildSchema, parse, printSchema, validate } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { authorization, http, key, openAccount, pay, run, until, ws } from './konto.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = readFileSync(`${root}schema.graphql`, 'utf8');

/** Runs a tool of node_modules; what it has written. */
function tool(name, ...args) {
  const { status, stdout, stderr, error } = spawnSync(`${here}node_modules/.bin/${name}`, args, {
    cwd: here,
    encoding: 'utf8',
  });
  assert.equal(error, undefined);
  assert.equal(status, 0, `${name}: ${stdout}\n${stderr}`);
  return stdout + stderr;
}

async function lint(overrideConfig) {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: `${here}eslint.config.mjs`, overrideConfig });
  const [{ messages }] = await eslint.lintFiles([`${root}schema.graphql`]);
  return messages;
}

test('the schema keeps to the Relay rules of @graphql-eslint', async () => {
  assert.deepEqual(
    (await lint()).map(({ line, ruleId, message }) => `${line} ${ruleId}: ${message}`),
    [],
  );
});

test('the rows of every list are nodes, but for events and what is a part of something', async () => {
  const strict = { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: true };
  const messages = await lint([
    { files: ['**/*.graphql'], rules: { '@graphql-eslint/relay-edge-types': ['error', strict] } },
  ]);
  const lines = text.split('\n');
  assert.deepEqual(
    messages.map(({ line }) => lines[line - 1]),
    [
      'type AccountParticipantEdge {',
      'type BillEdge {',
      'type CollectionStrategyEdge {',
      'type CustomActionVersionEdge {',
      'type DocumentKindEdge {',
      'type DueSettlementEdge {',
      'type EventEdge {',
      'type HistoryEdge {',
      'type InsuranceEventEdge {',
      'type InsurancePremiumEdge {',
      'type InvestmentDistributionEdge {',
      'type InvestmentPositionEdge {',
      'type JobItemEdge {',
      'type MerchantTransactionEdge {',
      'type MessageTemplateEdge {',
      'type PaymentMatchEdge {',
      'type PaymentProviderEdge {',
      'type PrintBrandEdge {',
      'type PrintTemplateEdge {',
      'type PromiseToPayEdge {',
      'type PurchaseAccountEdge {',
      'type ReceivableEntryEdge {',
      'type StatementEdge {',
      'type StatementReprintEdge {',
    ],
  );
});

test('the Relay rules would notice what breaks them', async () => {
  const eslint = new ESLint({ cwd: root, overrideConfigFile: `${here}eslint.config.mjs` });
  const broken = text.replace(
    'type AccountEdge {\n  "The row\'s place: to go on from here, as `after` or `before`."\n  cursor: String!',
    'type AccountEdge {',
  );
  assert.notEqual(broken, text);
  const [{ messages }] = await eslint.lintText(broken, { filePath: `${root}broken.graphql` });
  assert.match(messages[0].message, /must contain a field `cursor`/);
});

const scratch = `${here}generated/`;

before(() => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(`${scratch}operations`, { recursive: true });
  cpSync(`${here}relay`, `${scratch}relay`, { recursive: true });
  // What the TypeScript compiler makes of it runs under Relay's CommonJS runtime.
  writeFileSync(`${scratch}package.json`, '{"type":"commonjs"}\n');
});

test('relay-compiler compiles the operations of relay/ and those that the explorer opens with', () => {
  mkdirSync(`${scratch}relay/explorer`);
  const saved = readdirSync(`${root}web/operations`).filter((file) => file.endsWith('.graphql'));
  for (const file of saved) {
    const operation = readFileSync(`${root}web/operations/${file}`, 'utf8');
    // Relay wants the file's name at the beginning of an operation's, and its kind at the end.
    const [, kind, name] = operation.match(/^(query|mutation|subscription) (\w+)/m);
    const renamed = operation.replace(
      `${kind} ${name}`,
      `${kind} Explorer${name}${kind[0].toUpperCase()}${kind.slice(1)}`,
    );
    const source = `import { graphql } from 'relay-runtime';\nexport const operation = graphql\`\n${renamed}\`;\n`;
    writeFileSync(`${scratch}relay/explorer/Explorer${name}.ts`, source);
  }
  tool('relay-compiler', 'relay.config.json');

  const schema = buildSchema(text);
  const names = [];
  for (const folder of ['relay/__generated__/', 'relay/explorer/__generated__/']) {
    for (const file of readdirSync(scratch + folder)) {
      const found = readFileSync(scratch + folder + file, 'utf8').match(/^ *"text": (".*")$/m);
      if (!found) continue;
      const operation = JSON.parse(found[1]);
      assert.deepEqual(validate(schema, parse(operation)), [], file);
      const name = file.replace(/\.graphql\.ts$/, '');
      names.push(name);
      writeFileSync(`${scratch}operations/${name}.graphql`, `${operation}\n`);
    }
  }
  assert.equal(names.length, 13 + saved.length, names.join(' '));
});

test('the code generator makes types of the schema and of all these operations', () => {
  tool('graphql-codegen', '--config', 'codegen.yml');
  const [schema, explorer, operations] = ['schema', 'explorer', 'operations'].map((name) =>
    readFileSync(`${scratch}${name}.ts`, 'utf8'),
  );
  for (const [made, pattern, there] of [
    [schema, /Decimal: \{ input: string; output: string; \}/, true],
    [explorer, /export type TransferMutation =/, true],
    [operations, /export type LedgerEventsSubscription =/, true],
    [schema + explorer + operations, /: any\b/, false],
  ]) {
    assert.equal(pattern.test(made), there, `${pattern}`);
  }
});

/** One exported type of a generated file, on one line. */
function typeOf(file, name) {
  const made = readFileSync(`${scratch}${file}.ts`, 'utf8');
  const found = made.match(new RegExp(`^export type ${name} = (.*?);$`, 'ms'));
  assert.notEqual(found, null, `no ${name} in ${made}`);
  return found[1].replace(/\s+/g, ' ').trim();
}

test('a transfer shows both accounts in one shape each, not in one for every family', () => {
  assert.equal(
    typeOf('families', 'MoveMutation'),
    '{ transfer: | { code: RefusalCode } | { from: { number: string }, to: { number: string } } | null }',
  );
  // It is the setting that does it, and not the operation: nine each without it.
  assert.equal(typeOf('unmerged', 'MoveMutation').match(/\{ number: string \}/g).length, 18);
});

test('a family asked for a field of its own is a shape of its own, and the other eight are one', () => {
  const [, card, others, ...more] = typeOf('families', 'AnyFamilyQuery').split(/\| \( |\) \| null/);
  assert.match(card, /^\{ workingMode: WorkingMode, number: string \} & \{ __typename: 'CardAccount' \}/);
  assert.match(others, /^\{ number: string \} & \{ __typename: '[^}]*' \}/);
  const families = [...others.matchAll(/'(\w+)Account'/g)].map(([, family]) => family);
  assert.deepEqual(families, [
    'Deposit',
    'Investment',
    'Invoice',
    'Leasing',
    'Loan',
    'Receivable',
    'RevolvingCredit',
    'Virtual',
  ]);
  assert.deepEqual(more, [' }']);
});

test('everything that was generated compiles, strictly', () => {
  tool('tsc', '--noEmit', '--strict', '-p', '.');
  tool('tsc', '--strict', '-p', '.');
});

test('what Relay compiled runs on Konto: pages, refetches, mutations, subscriptions', async () => {
  const require = createRequire(import.meta.url);
  const { relay } = require(`${scratch}build/relay/use.js`);
  const { Observable } = require('relay-runtime');
  const socket = createClient({ url: ws(), webSocketImpl: WebSocket, connectionParams: { authorization } });
  const relayed = relay(
    async ({ text: query }, variables) => {
      const headers = {
        authorization,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
      };
      return (await fetch(http(), { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
    },
    ({ text: query }, variables) => Observable.create((sink) => socket.subscribe({ query, variables }, sink)),
  );
  try {
    const [from, to] = [await openAccount(), await openAccount()];
    for (let i = 0; i < 5; i++) await pay(from, '20.00');

    // A list of the root, page by page.
    await relayed.accounts({ first: 3, filter: { family: 'DEPOSIT' } });
    const filter = { filter: { family: 'DEPOSIT' } };
    const first = relayed.rows('root', 'AccountsPage_accounts', filter);
    const data = await run('{ accounts(first: 6, filter: { family: DEPOSIT }) { nodes { id } edges { cursor } } }');
    await relayed.moreAccounts({ first: 3, after: data.accounts.edges[2].cursor, ...filter });
    assert.equal(first.length, 3);
    assert.deepEqual(
      relayed.rows('root', 'AccountsPage_accounts', filter),
      data.accounts.nodes.map(({ id }) => id),
    );

    // By its number first, by its id from then on; from both ends of a list.
    const { number, ids } = (
      await run(
        'query($id: ID!) { account(by: { id: $id }) { number ids: transactions(first: 5) { edges { cursor node { id } } } } }',
        { id: from },
      )
    ).account;
    const page = await relayed.account({ by: { number } });
    assert.equal(page.account.id, from);
    await relayed.transactions({ id: from, first: 3, after: ids.edges[1].cursor });
    assert.deepEqual(relayed.rows(from, 'AccountPage_transactions', {}).length, 5);
    assert.deepEqual(
      relayed.rows(from, 'AccountPage_transactions', {}),
      ids.edges.map(({ node }) => node.id),
    );
    await relayed.history({ id: from, first: 5 });

    // A subscription shows what a mutation does, and the mutation's answer reaches the rows that are there.
    const events = [];
    const balances = [];
    const streams = [
      relayed.events({ filter: { accounts: [from] } }, ({ ledgerEvents }) => events.push(ledgerEvents)),
      relayed.balance({ accounts: [{ id: from }] }, ({ balanceChanged }) => balances.push(balanceChanged)),
    ];
    await until(
      async () => (events.length > 0 && balances.length > 0) || (await pay(from, '0.01'), false),
      'both streams',
    );
    const amount = { amount: '5.00', currency: 'EUR' };
    const moved = await relayed.transfer({
      input: { idempotencyKey: key(), from: { id: from }, to: { id: to }, amount },
    });
    assert.equal(moved.transfer.__typename, 'TransferSuccess', JSON.stringify(moved));
    const entry = moved.transfer.entry.id;
    await until(() => events.some((event) => event.entry?.id === entry), 'the transfer among the events');
    const refused = await relayed.transfer({
      input: {
        idempotencyKey: key(),
        from: { id: to },
        to: { id: from },
        amount: { amount: '999999.00', currency: 'EUR' },
      },
    });
    assert.equal(refused.transfer.code, 'INSUFFICIENT_FUNDS');
    const { placeHold } = await relayed.placeHold({
      input: { idempotencyKey: key(), account: { id: from }, amount },
      connections: [relayed.connection(from, 'AccountPage_holds')],
    });
    assert.deepEqual(relayed.rows(from, 'AccountPage_holds'), [placeHold.hold.id]);
    await relayed.releaseHold({ input: { idempotencyKey: key(), hold: placeHold.hold.id } });
    assert.equal(relayed.field(placeHold.hold.id, 'status'), 'RELEASED');
    await relayed.holds({ id: from });
    await until(() => balances.length >= 3, 'what the hold did to what is available');
    for (const stream of streams) stream.dispose();

    // Anything by its id.
    const things = await relayed.things({ id: from, ids: [entry, 'ent_nonsense', to] });
    assert.match(things.node.__typename, /^DepositAccount$/);
    assert.deepEqual(
      things.nodes.map((thing) => thing?.__typename ?? null),
      ['Entry', null, 'DepositAccount'],
    );
    const { owner } = (await run('query($id: ID!) { account(by: { id: $id }) { owner { id } } }', { id: from }))
      .account;
    assert.equal((await relayed.customer({ id: owner.id })).node != null, true);
  } finally {
    await socket.dispose();
  }
});

// What a client cannot survive. What was announced with @deprecated may go when its time has come.
async function breaks(before, after) {
  const changes = await diff(buildSchema(before), buildSchema(after), [DiffRule.suppressRemovalOfDeprecatedField]);
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message }) => message);
}

const git = (...args) =>
  execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  }).trim();

function lastRelease() {
  let tags;
  try {
    tags = git('tag', '--merged', 'HEAD', '--sort=-creatordate').split('\n').filter(Boolean);
  } catch (error) {
    return {
      none: `the history cannot be read (${
        String(error.stderr || error.message)
          .trim()
          .split('\n')[0]
      })`,
    };
  }
  if (tags.length === 0) return { none: 'there is no release yet (no git tag)' };
  try {
    return { tag: tags[0], schema: git('show', `${tags[0]}:schema.graphql`) };
  } catch {
    return { none: `the newest tag ${tags[0]} has no schema.graphql` };
  }
}

test('@graphql-inspector tells what breaks a client from what does not', async () => {
  const without = text.replace(/\n {2}"Who asks\."\n {2}viewer: Viewer!/, '');
  assert.notEqual(without, text);
  assert.deepEqual(await breaks(text, without), ["Field 'viewer' was removed from object type 'Query'"]);
  assert.deepEqual(await breaks(without, text), []);
  const retired = text.replace(
    '  viewer: Viewer!',
    '  viewer: Viewer! @deprecated(reason: "use who; removal 2027-01")',
  );
  assert.deepEqual(await breaks(retired, without), []);
});

test('nothing breaks the clients of the last release', async (t) => {
  const { none, tag, schema } = lastRelease();
  if (none) {
    t.diagnostic(`NOTE Schema against the last release: not compared, ${none}`);
    // There must still be something to compare with it, once there is.
    assert.deepEqual(await breaks(text, printSchema(buildSchema(text))), []);
    return;
  }
  t.diagnostic(`NOTE Schema against the last release: compared with ${tag}`);
  assert.deepEqual(await breaks(schema, text), []);
});
