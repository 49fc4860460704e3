// No change breaks a client of the last release: the reference implementation
// says what does. What is meant to stands under "### Breaking" in the changelog.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildClientSchema, buildSchema, findBreakingChanges, getIntrospectionQuery, parse, validate } from 'graphql';
import { gateway } from './gateway.mjs';
import { changesSinceRelease } from './release.mjs';

const root = join(import.meta.dirname, '../..');

test('the schema breaks no client of the last release', () => {
  const { since, breaking, dangerous, announced } = changesSinceRelease(root);
  dangerous.forEach((change) => console.error(`since ${since}, mind: ${change}`));
  if (announced) {
    breaking.forEach((change) => console.error(`since ${since}, on purpose: ${change}`));
    return;
  }
  assert.deepEqual(breaking, [], `these break clients of ${since}: keep them deprecated, or tell of them under "### Breaking"`);
});

test('the served document is a schema, and documents with @defer are valid in it', async () => {
  const response = await fetch(`${gateway}/schema.graphql`);
  const served = buildSchema(await response.text());
  assert.deepEqual(validate(served, parse('{ user(id: "u1") { id ... @defer(label: "late") { orders { id } } } }')), []);
  const introspected = await fetch(`${gateway}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const { data } = await introspected.json();
  const lost = (before, after) => findBreakingChanges(before, after).filter(({ description }) => !description.startsWith('Standard scalar'));
  assert.deepEqual(lost(served, buildClientSchema(data)), []);
  assert.deepEqual(lost(buildClientSchema(data), served), []);
});

// repository is one whose schema is that of this one, released as it is under
// a tag if there is one, and then changed.
function repository(t, { tag, change, changelog = '## [Unreleased]\n' }) {
  const dir = mkdtempSync(join(tmpdir(), 'schema-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const sdl = readFileSync(join(root, 'graph/schema.graphql'), 'utf8');
  mkdirSync(join(dir, 'graph'));
  writeFileSync(join(dir, 'graph/schema.graphql'), sdl);
  writeFileSync(join(dir, 'graph/schema.released.graphql'), readFileSync(join(root, 'graph/schema.released.graphql')));
  writeFileSync(join(dir, 'CHANGELOG.md'), changelog);
  const git = (...args) => execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: dir, stdio: 'ignore' });
  git('init');
  git('add', '.');
  git('commit', '--no-gpg-sign', '-m', 'Begin');
  if (tag) git('tag', tag);
  if (change) {
    assert.notEqual(change(sdl), sdl, 'the change changes nothing');
    writeFileSync(join(dir, 'graph/schema.graphql'), change(sdl));
  }
  return changesSinceRelease(dir);
}

const removed = (sdl) => sdl.replace('username: String!', 'login: String!');
const added = (sdl) => sdl.replace('username: String!', 'username: String!\n  "In capitals."\n  capitals: String');

for (const tag of [undefined, 'v1.2.3']) {
  const since = tag ?? 'graph/schema.released.graphql';
  test(`against ${since}: what breaks clients is noticed, and what does not is let pass`, (t) => {
    const breaking = (change) => {
      const found = repository(t, { tag, change });
      assert.equal(found.since, since);
      return found.breaking;
    };
    assert.deepEqual(breaking(), []);
    assert.deepEqual(breaking(added), []);
    assert.deepEqual(breaking(removed), ['User.username was removed.']);
    assert.deepEqual(breaking((sdl) => sdl.replace('totalAmount: Decimal!', 'totalAmount: Decimal')), ['Order.totalAmount changed type from Decimal! to Decimal.']);
    assert.equal(breaking((sdl) => sdl.replace('product(', 'product("Which." shop: ID!, ')).length, 1);
  });
}

test('what was never promised may go until it is released', (t) => {
  const gone = (sdl) => sdl.replace(/^ {2}userId: ID!$/m, '  buyerId: ID!');
  assert.deepEqual(repository(t, { change: gone }).breaking, []);
  assert.deepEqual(repository(t, { tag: 'v1.0.0', change: gone }).breaking, ['Order.userId was removed.']);
});

test('what breaks on purpose is announced', (t) => {
  assert.ok(!repository(t, { tag: 'v1.2.3', change: removed }).announced);
  assert.ok(repository(t, { tag: 'v1.2.3', change: removed, changelog: '## [Unreleased]\n\n### Breaking\n\n- username\n\n## [1.2.3]\n' }).announced);
  assert.ok(!repository(t, { tag: 'v1.2.3', change: removed, changelog: '## [Unreleased]\n\n## [1.2.3]\n\n### Breaking\n\n- email\n' }).announced);
});
