// The public audits of GraphQL over HTTP, those of the npm package graphql-http.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { gateway } from './gateway.mjs';

// The audits follow an older draft. What they want and the draft of August 2026
// no longer does, with what it wants and where it says so.
const contradicted = {
  '86EE': { status: 422, section: 'Status Codes, application/graphql-response+json, Examples: "Variable coercion failure"' },
};

const audits = serverAudits({ url: `${gateway}/graphql`, fetchFn: fetch });

test('there are as many audits as ever', () => {
  assert.equal(audits.length, 61);
  for (const id of Object.keys(contradicted)) assert.ok(audits.some((audit) => audit.id === id), `${id} is gone`);
});

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    const exception = contradicted[audit.id];
    if (!exception) {
      assert.equal(result.status, 'ok', result.reason);
      return;
    }
    assert.notEqual(result.status, 'ok', `it passes: there is nothing to except`);
    assert.equal(result.response.status, exception.status, exception.section);
  });
}
