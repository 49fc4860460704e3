#!/bin/sh
# Runs every fuzz target of the project, one after another, for the time that is
# given (10s when none is). go test fuzzes one target of one package at a time.
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# Until Go 1.27 a run whose time ends at the wrong moment fails with nothing but
# "context deadline exceeded" (go.dev/issue/75804): no input was found then.
fuzz() {
	go test -run '^$' -fuzz "^$1\$" -fuzztime "$time" -fuzzminimizetime 10x "$2" >"$said" 2>&1 && status=0 || status=$?
	cat "$said"
	[ "$status" -ne 0 ] || return 0
	! grep -q 'Failing input' "$said" && [ "$(grep -A1 '^--- FAIL' "$said" | sed -n 2p)" = '    context deadline exceeded' ] || return 1
	echo "the time of $1 ended at the wrong moment for Go's fuzzer: no input was found that fails"
}

found=0
for file in $(find . -name '*_test.go' -not -path './.cache/*' -exec grep -l '^func Fuzz' {} + | sort); do
	# shellcheck disable=SC2013 # a name has no spaces
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		found=$((found + 1))
		echo "fuzzing $target in $(dirname "$file") for $time"
		fuzz "$target" "$(dirname "$file")" || exit 1
	done
done
echo "$found fuzz targets ran"
