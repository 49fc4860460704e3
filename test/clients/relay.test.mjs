// The compiler of Relay, against the served schema; what it makes of @defer is executed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gateway } from './gateway.mjs';

const config = {
  src: './src',
  schema: './schema.graphql',
  language: 'typescript',
  customScalarTypes: { DateTime: 'string', Decimal: 'number' },
};

const source = `
import { graphql } from 'relay-runtime';
graphql\`
  query userQuery($id: ID!) {
    user(id: $id) {
      fullName
      ...user_orders @defer(label: "orders")
    }
  }
\`;
graphql\`
  fragment user_orders on User {
    orders { id totalAmount }
  }
\`;
`;

test('relay-compiler', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'relay-'));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'src'));
  writeFileSync(join(dir, 'schema.graphql'), await (await fetch(`${gateway}/schema.graphql`)).text());
  writeFileSync(join(dir, 'relay.config.json'), JSON.stringify(config));
  writeFileSync(join(dir, 'src/user.ts'), source);
  execFileSync(process.execPath, [join(import.meta.dirname, 'node_modules/relay-compiler/cli.js')], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });

  const generated = (name) => readFileSync(join(dir, 'src/__generated__', `${name}.graphql.ts`), 'utf8');
  assert.match(generated('user_orders'), /totalAmount: number/);
  const query = JSON.parse(/"text": ("(?:[^"\\]|\\.)*")/.exec(generated('userQuery'))[1]);
  assert.match(query, /@defer/);
  const response = await fetch(`${gateway}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query, variables: { id: 'user123' } }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.ok(data.user.orders.length >= 2);
});
