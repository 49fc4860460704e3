// What clients were promised, and what has changed since that they would notice.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

const schema = 'graph/schema.graphql';
const promised = 'graph/schema.released.graphql'; // until there is a release

// changesSinceRelease holds the committed schema of the repository at root
// against the one of its last tag, as in v1.2.3, or, where there is no tag,
// against what was promised before any release.
export function changesSinceRelease(root) {
  const read = (name) => readFileSync(join(root, name), 'utf8');
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  let since = promised;
  try {
    since = git('describe', '--tags', '--abbrev=0', '--match', 'v*').trim();
  } catch {
    // no release yet, or no history here
  }
  const before = buildSchema(since === promised ? read(promised) : git('show', `${since}:${schema}`));
  const after = buildSchema(read(schema));
  const describe = (changes) => changes.map((change) => change.description);
  return {
    since,
    breaking: describe(findBreakingChanges(before, after)),
    dangerous: describe(findDangerousChanges(before, after)),
    // what breaks on purpose stands in the section of what is not released yet
    announced: (read('CHANGELOG.md').split(/^## /m)[1] ?? '').includes('### Breaking'),
  };
}
