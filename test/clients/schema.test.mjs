// No change breaks a client of the last release: the committed schema is held
// against the one that the last tag has, by the reference implementation. A
// change that is meant to break stands under "### Breaking" in the changelog.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

const root = new URL('../../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function lastRelease() {
  try {
    const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v*').trim();
    return { tag, sdl: git('show', `${tag}:graph/schema.graphql`) };
  } catch {
    return undefined; // no release yet, or no history here
  }
}

const breaking = (before, after) => findBreakingChanges(buildSchema(before), buildSchema(after)).map((c) => c.description);

// The section of what is not released yet.
const unreleased = (changelog) => changelog.split(/^## /m)[1] ?? '';

test('the schema breaks no client of the last release', (t) => {
  const release = lastRelease();
  if (!release) {
    console.error('SKIPPED for want of a release with graph/schema.graphql: breaking changes of the schema');
    t.skip('no release to compare with');
    return;
  }
  const now = read('graph/schema.graphql');
  for (const change of findDangerousChanges(buildSchema(release.sdl), buildSchema(now))) {
    console.error(`since ${release.tag}, mind: ${change.description}`);
  }
  const found = breaking(release.sdl, now);
  if (unreleased(read('CHANGELOG.md')).includes('### Breaking')) {
    found.forEach((change) => console.error(`since ${release.tag}, on purpose: ${change}`));
    return;
  }
  assert.deepEqual(found, [], `these break clients of ${release.tag}: keep them deprecated, or tell of them under "### Breaking"`);
});

test('what breaks clients is noticed, and what does not is let pass', () => {
  const before = read('graph/schema.graphql');
  assert.deepEqual(breaking(before, before), []);
  const change = (from, to) => {
    assert.ok(before.includes(from), `the schema no longer has ${from}`);
    return breaking(before, before.replace(from, to));
  };
  assert.deepEqual(change('username: String!', 'login: String!'), ['User.username was removed.']);
  assert.deepEqual(change('totalAmount: Decimal!', 'totalAmount: Decimal'), ['Order.totalAmount changed type from Decimal! to Decimal.']);
  assert.equal(change('product(', 'product("Which." shop: ID!, ').length, 1);
  assert.deepEqual(change('username: String!', 'username: String!\n  "The name to log in with, in capitals."\n  capitals: String'), []);
});
