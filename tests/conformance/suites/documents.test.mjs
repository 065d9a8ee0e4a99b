// Documents and variables: the reference implementation and Konto agree on which are valid.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildSchema, getOperationAST, getVariableValues, parse, specifiedRules, validate } from 'graphql';
import { corpus } from '../documents/corpus.mjs';
import { authorization, http } from './konto.mjs';

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));

/** What the reference finds wrong; nothing, when all is well. */
function reference({ document, variables, operationName }) {
  let parsed;
  try {
    parsed = parse(document);
  } catch (error) {
    return [error.message];
  }
  const problems = validate(schema, parsed);
  if (problems.length > 0) return problems.map(({ message }) => message);
  const operation = getOperationAST(parsed, operationName);
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {});
  return (errors ?? []).map(({ message }) => message);
}

/** What Konto finds wrong before it executes anything. */
async function konto({ document, variables, operationName }) {
  const response = await fetch(http(), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: document, variables, operationName }),
  });
  const { errors = [], data } = await response.json();
  // What a resolver says has a path; it was reached.
  const problems = errors.filter(({ path }) => path === undefined);
  for (const { extensions, message } of problems) {
    assert.equal(extensions.code, 'BAD_REQUEST', message);
    assert.ok(!message.includes('\n'), `one line: ${message}`);
  }
  assert.equal(response.status === 400, problems.length > 0, `${response.status} ${JSON.stringify(errors)}`);
  if (problems.length > 0) assert.equal(data, undefined);
  return problems.map(({ message }) => message);
}

const verdict = (problems) => (problems.length === 0 ? 'valid' : 'invalid');

for (const entry of corpus) {
  test(`${entry.verdict} ${entry.about}`, async () => {
    const theirs = reference(entry);
    // Where the reference is known to err it must, or the star goes.
    assert.equal(verdict(theirs) !== entry.verdict, entry.errs, `the reference: ${theirs.join('; ')}`);
    const ours = await konto(entry);
    assert.equal(verdict(ours), entry.verdict, `Konto: ${ours.join('; ')}`);
  });
}

test('every rule of the reference has a document that breaks it, or is named where it is broken otherwise', () => {
  const broken = new Set(corpus.filter((one) => one.verdict === 'invalid').map(({ about }) => about.split(':')[0]));
  // MaxIntrospectionDepth is a recommendation, not a rule; Konto has its own limits.
  const missing = specifiedRules.map(({ name }) => name.replace(/Rule$/, '')).filter((name) => !broken.has(name));
  assert.deepEqual(missing.filter((name) => name !== 'MaxIntrospectionDepth'), []);
});
