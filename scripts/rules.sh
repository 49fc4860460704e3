#!/bin/sh
# Checks Prometheus's configuration and rules, and runs the rules' unit tests.
# promtool is found on PATH (Debian has it in the package prometheus).
set -eu
cd "$(dirname "$0")/../prometheus"

if ! command -v promtool >/dev/null; then
	echo "SKIPPED: there is no promtool on PATH, so the Prometheus rules were not checked" >&2
	exit 0
fi
promtool check config prometheus.yml
promtool test rules tests/*.yml
