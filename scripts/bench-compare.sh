#!/usr/bin/env bash
# Builds Tributary and the comparison in bench/ and runs it with the arguments
# given. "smoke" is short, writes nothing and shows that it still runs; "soak"
# asks one gateway steadily and tells at intervals what it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -buildvcs=auto -trimpath -o "$bin/tributary" .
(cd bench && go vet ./... && go build -o "$bin/bench" .)
cd bench
if [ "${1:-}" = smoke ]; then
	"$bin/bench" -tributary "$bin/tributary" -rounds 1 -duration 100ms -only cold >/dev/null
	echo "the comparison runs; make bench-compare measures"
elif [ "${1:-}" = soak ]; then
	shift
	"$bin/bench" soak -tributary "$bin/tributary" "$@"
else
	"$bin/bench" -tributary "$bin/tributary" -out . "$@"
	cd .. && go test -count=1 ./test/e2e -run README -update-readme # its table of goals
fi
