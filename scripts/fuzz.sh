#!/bin/sh
# Runs every fuzz target of the project, one after another, for the time that is
# given (10s when none is). go test fuzzes one target of one package at a time.
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}

found=0
for file in $(find . -name '*_test.go' -not -path './.cache/*' -exec grep -l '^func Fuzz' {} + | sort); do
	# shellcheck disable=SC2013 # a name has no spaces
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		found=$((found + 1))
		echo "fuzzing $target in $(dirname "$file") for $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$(dirname "$file")"
	done
done
echo "$found fuzz targets ran"
