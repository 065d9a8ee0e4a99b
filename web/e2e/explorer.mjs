// Opens the explorer of a running, signed-in Konto in a browser and uses it as a visitor would:
// fails to sign in, runs the first operation, reads the docs, completes a word, and watches a subscription.
//
//   node e2e/explorer.mjs http://127.0.0.1:8080 explorer.png
//
// Fails on any console error, any request that fails or leaves this origin, any breach of the
// content security policy, a missing result, and a subscription that shows nothing.
// CHROMIUM names the browser to use; /usr/bin/chromium otherwise.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base, screenshot] = process.argv.slice(2);
if (!base || !screenshot) {
  console.error('usage: node e2e/explorer.mjs <base url> <screenshot.png>');
  process.exit(2);
}
const { origin } = new URL(base);
const PATIENCE_MS = 20_000;

const profile = mkdtempSync(join(tmpdir(), 'konto-explorer-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  viewport: { width: 1440, height: 900 },
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

const problems = [];
let failure = null;
/** Of what a failed sign-in makes the browser say, nothing is a problem. */
let failing = false;
const page = browser.pages()[0] ?? (await browser.newPage());
page.setDefaultTimeout(PATIENCE_MS);
watch(page);

try {
  await opens();
  await failsToSignIn();
  await runsTheFirstOperation();
  await page.screenshot({ path: screenshot });
  await showsTheDocs();
  await completes();
  await movesMoneyOnce();
  await ticks();
  await page.screenshot({ path: screenshot.replace(/(\.png)?$/, '-live.png') });
  await keepsTokensOutOfStorage();
} catch (reason) {
  failure = reason;
  await page.screenshot({ path: screenshot }).catch(() => {});
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

if (failure) console.error(failure);
for (const problem of problems) console.error(problem);
if (failure || problems.length > 0) process.exit(1);
console.log('the explorer works');

/** Notes everything that a clean page does not do. */
function watch(page) {
  page.on('console', (message) => {
    if (failing && /status of 401/.test(message.text())) return;
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
    // A breach of the policy inside a worker only shows as a warning in some versions.
    else if (/content security policy/i.test(message.text())) problems.push(`policy: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`page: ${error.message}`));
  page.on('requestfailed', (request) =>
    problems.push(`request: ${request.url()} ${request.failure()?.errorText ?? ''}`),
  );
  page.on('response', (response) => {
    if (failing && response.status() === 401 && new URL(response.url()).pathname === '/oauth2/token') return;
    if (response.status() >= 400) problems.push(`request: ${response.url()} HTTP ${response.status()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) problems.push(`left the origin: ${url}`);
  });
  page.on('crash', () => problems.push('the page crashed'));
}

async function opens() {
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const response = await page.goto(`${origin}/`);
  const policy = response.headers()['content-security-policy'] ?? '';
  check(policy.includes("script-src 'self'"), `a strict content security policy, not ${policy}`);
  check((await page.title()) === 'Konto explorer', 'the title');
  await page.getByText(/^Signed in to /).waitFor();
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const tabs = await page.locator('.graphiql-tab').count();
  check(tabs >= 5, `the saved operations as tabs, not ${tabs}`);
  // The editor, JSON and GraphQL workers, from files of their own.
  await until(() => page.workers().length >= 2, 'workers');
  check(page.workers().every((worker) => worker.url().startsWith(`${origin}/assets/`)), 'workers of this origin');
}

/** A wrong secret is told, at once and by the page: the browser asks for no password of its own, and nothing hangs. */
async function failsToSignIn() {
  failing = true;
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Client id').fill('nobody');
  await page.getByLabel('Client secret').fill('wrong');
  const form = page.getByTestId('sign-in');
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/oauth2/token');
  await form.getByRole('button', { name: 'Sign in' }).click();
  const { 'www-authenticate': challenge } = (await answered).headers();
  check(challenge === undefined, `no challenge, not ${challenge}`);
  await form.getByRole('alert').waitFor();
  const told = await form.getByRole('alert').textContent();
  check(told.trim().length > 10, `why the sign-in failed, not "${told}"`);
  check(await form.getByRole('button', { name: 'Sign in' }).isEnabled(), 'another try');
  await page.getByRole('button', { name: 'Change' }).click();
  await form.waitFor({ state: 'detached' });
  await page.waitForTimeout(200); // For the browser to have said what it says.
  failing = false;
}

async function runsTheFirstOperation() {
  await run();
  const result = await answer((text) => text.includes('"data"'));
  check(!result.includes('"errors"'), `a result without errors: ${result}`);
  check(result.includes('"accounts"'), `accounts in ${result}`);
}

async function showsTheDocs() {
  await page.getByRole('button', { name: /documentation explorer/i }).click();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().waitFor();
  // The panel moves the tabs; they must still answer.
  await tab('TrialBalance');
  await page.getByRole('button', { name: /documentation explorer/i }).click();
  await page.getByRole('button', { name: /history/i }).first().click();
  await page.locator('.graphiql-history-item').first().waitFor();
  await page.getByRole('button', { name: /history/i }).first().click();
}

/** A new tab, a few letters: the GraphQL worker knows the schema. */
async function completes() {
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.locator('.graphiql-query-editor .monaco-editor').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('{ trialB', { delay: 40 });
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget').getByText('trialBalance', { exact: false }).first().waitFor();
  await page.keyboard.press('Escape');
}

/** The same key twice: the second answer is the first one again. */
async function movesMoneyOnce() {
  await tab('Transfer');
  await run();
  const first = await answer((text) => text.includes('"data"'));
  check(/"replayed": ?false/.test(first), `a transfer: ${first}`);
  await run();
  await answer((text) => /"replayed": ?true/.test(text));
}

async function ticks() {
  await tab('LedgerEvents');
  await run();
  // Where nothing else happens on the ledger, transfers made beside it make it move.
  const event = await answer(async (text) => {
    if (text.includes('"ledgerEvents"') || text.includes('"errors"')) return true;
    await transferOnce();
    await page.waitForTimeout(500);
    return false;
  });
  check(event.includes('"ledgerEvents"'), `an event: ${event}`);
}

/** The saved transfer under a key of its own, past the editor. */
async function transferOnce() {
  await page.evaluate(async () => {
    const { token, operations } = await (await fetch('/explorer/config.json')).json();
    const { query, variables } = operations.find((one) => /mutation Transfer\b/.test(one.query));
    variables.input.idempotencyKey = `e2e-${Date.now()}`;
    await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
  });
}

/** Tokens belong to the tab: what outlives it must not hold any. */
async function keepsTokensOutOfStorage() {
  await page.waitForTimeout(800); // Tabs are written half a second after they change.
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  check(!/bearer/i.test(kept), 'no token in local storage');
}

async function tab(name) {
  await page.locator('.graphiql-tab').getByText(name, { exact: true }).click();
  await until(async () => (await page.locator('.graphiql-tab-active').textContent())?.includes(name), `tab ${name}`);
}

async function run() {
  await page.locator('.graphiql-execute-button').click();
}

/** Waits for the response editor to show what it should, and returns its text. */
async function answer(expected) {
  let text = '';
  await until(
    async () => {
      const lines = await page.locator('.graphiql-response .view-line').allTextContents();
      text = lines.join('\n').replaceAll('\u00a0', ' ');
      return await expected(text);
    },
    () => `the answer; there is: ${text}`,
  );
  return text;
}

async function until(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await page.waitForTimeout(100);
  }
}

function check(holds, what) {
  if (!holds) throw new Error(`expected ${what}`);
}
