#!/bin/sh
# Checks the project's shell scripts with shellcheck, if it is on PATH.
set -eu
cd "$(dirname "$0")/.."

if ! command -v shellcheck >/dev/null; then
	echo "SKIPPED: there is no shellcheck on PATH, so the shell scripts were not checked" >&2
	exit 0
fi
shellcheck -x scripts/*.sh start_with_monitoring.sh .ci/run
