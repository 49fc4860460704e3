#!/bin/sh
# Fails when the code in the tree is not what the generators make of it. They
# run in a copy, so the tree stays as it is, whatever comes of it.
set -eu
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/is" "$tmp/due"
tar -cf - --exclude=./.git --exclude=./.cache --exclude=./tributary --exclude=node_modules . | tar -xf - -C "$tmp/is"
cp -R "$tmp/is/." "$tmp/due"

(cd "$tmp/due" && go run ./cmd/trib generate && go generate ./...)

if ! (cd "$tmp" && diff -ru is due) >"$tmp/drift"; then
	cat "$tmp/drift"
	echo "generated code has drifted: run 'make generate' and commit what it changes" >&2
	exit 1
fi
echo "generated code is as it should be"
