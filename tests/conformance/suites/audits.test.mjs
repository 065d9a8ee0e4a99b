// GraphQL over HTTP: the audits of graphql-http. One that warns fails here, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { authorization, http } from './konto.mjs';

// Konto answers nothing to nobody, so every request of the audits carries a token; it is all that is added.
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, authorization } });
const audits = serverAudits({ url: http(), fetchFn });

test('graphql-http has 61 audits', () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const { status, reason } = await audit.fn();
    assert.equal(status, 'ok', reason);
  });
}
