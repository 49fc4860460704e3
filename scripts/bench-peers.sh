#!/usr/bin/env bash
# Installs the peers that bench-compare runs under Node.js, in the versions that
# their package.json pins, and writes no lock file.
set -euo pipefail
cd "$(dirname "$0")/../bench/peers"
if ! command -v npm >/dev/null; then
	echo "npm is not here: bench-compare will go on without its peers"
	exit
fi
for peer in */; do
	(cd "$peer" && npm install --no-package-lock --no-audit --no-fund --omit=dev)
done
