// The public audits of GraphQL over HTTP, those of the npm package graphql-http.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { gateway } from './gateway.mjs';

// The audits follow an older draft, which wanted 400 where the one of August
// 2026 has 422. By the titles of its section on application/graphql-response+json:
const contradicted = {
  '74FF': '"Document validation failure" is 422',
  '86EE': '"Variable coercion failure" is 422',
};

const audits = serverAudits({ url: `${gateway}/graphql`, fetchFn: fetch });

test('there are as many audits as ever', () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    if (audit.id in contradicted) {
      if (result.status !== 'ok') assert.equal(result.response.status, 422, contradicted[audit.id]);
    } else {
      assert.equal(result.status, 'ok', result.reason);
    }
  });
}
