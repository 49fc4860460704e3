#!/bin/sh
# Installs the clients and audits of others that the gateway is tried with, and
# tries them: see test/clients. Needs node and npm; says so where they are missing.
set -eu
cd "$(dirname "$0")/.."
if ! command -v npm >/dev/null; then
	echo "SKIPPED for want of npm: the clients of test/clients"
	exit 0
fi
(cd test/clients && npm ci --no-progress --loglevel=error)
exec go test -count=1 -v ./test/clients
