#!/usr/bin/env bash
# Checks subjects of commits, names of tests, words and long lines, by the rules of
# CONTRIBUTING.md ("Commits", "Vocabulary").
set -euo pipefail
cd "$(dirname "$0")/.."

# Commits from here on have subjects in the present form, but for these.
readonly first=f24de59
readonly exceptions='546def7 4c97b7c 91edba2 b81eafd'

# Folders that still have lines over 140 columns. All others are covered, new ones too.
readonly long='cmd/trib/internal|gateway/(app|batch|engine|entitycache|execute|fault|forward|httpserver|lookahead|mutation|report|responsecache|rest|upstream)|grafana|resolvers|test/(clients|e2e|harness)'

if ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "SKIPPED: this is not a git checkout, so commits and words were not checked" >&2
	exit 0
fi

failed=0
complain() {
	printf '%s\n' "$*" >&2
	failed=1
}

subjects() {
	if ! git merge-base --is-ancestor "$first" HEAD 2>/dev/null; then
		echo "SKIPPED: $first is not in this clone, so the subjects of commits were not checked" >&2
		return
	fi
	local hash subject
	while read -r hash subject; do
		[[ " $exceptions " == *" ${hash:0:7} "* ]] && continue
		if ((${#subject} > 72)) || ! [[ $subject =~ ^[a-z0-9/.,\ -]+:\ [a-z] ]]; then
			complain "commit ${hash:0:7}: \"$subject\": write \"package: imperative\" in at most 72 characters"
		fi
	done < <(git log --no-merges --format='%H %s' "$first..HEAD")
}

# Test<Subject>_<Case>, or a short subject alone.
tests() {
	local file name
	while IFS=: read -r file name; do
		if ((${#name} > 45)) || ! [[ $name =~ ^Test([A-Z][A-Za-z0-9]*_[A-Za-z0-9]+|[A-Za-z0-9]{1,20})$ ]]; then
			complain "$file: $name: write Test<Subject>_<Case> in at most 45 characters"
		fi
	done < <(git grep -oE '^func Test[A-Za-z0-9_]*\(t ' -- '*_test.go' | sed -E 's/:func ([^(]*).*/:\1/')
}

# Each line has a pattern and what to write instead.
words() {
	local pattern instead place
	while IFS=$'\t' read -r pattern instead; do
		while IFS= read -r place; do
			complain "$place: \"$pattern\": write $instead"
		done < <(git grep -nIwE "$pattern" -- '*.go' '*.sh' '*.graphqls' '*.md' '*.yml' '*.yaml' \
			':!docs/adr' ':!CHANGELOG.md' ':!*.generated.go' ':!scripts/words.sh' | cut -d: -f1,2)
	done <<'WORDS'
[Ww]hoever	the noun: a client, a caller, an operator
makes? no sense	invalid
cannot be meant	invalid
has left	has disconnected
passed over	ignored
stands? in for	is served stale for, or replaces
stand-ins?	stale entry, or fake
gone? on without	continue without
left alone	temporarily disabled
borrowed	loaded by a peer
as (many|much) as (it|they) may	the limit is reached
takes? part	the noun
sees? to it	ensures
(#|//).*([Nn]o|[Ss]ome|[Ee]very|[Aa]ny)body	the noun: a client, a caller, an operator
WORDS
}

# Struct tags, long strings and nolint comments cannot be wrapped.
lines() {
	local place
	while IFS= read -r place; do
		complain "$place: wrap the line at 140 columns"
	done < <(LC_ALL=C.UTF-8 git grep -nE '^.{141,}' -- '*.go' ':!*generated.go' |
		grep -vE "^($long)/|\`\$|\"[^\"]{60,}|\`[^\`]{60,}|nolint" | cut -d: -f1,2)
}

subjects
tests
words
lines
exit "$failed"
