#!/usr/bin/env bash
# Builds web/ into web/dist (build), or sees that web/dist is what would be
# built (check). The packages are those of web/package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null; then
	echo "SKIPPED: there is no npm to build the pages of web/ with; a Go test holds web/dist to their sources"
	[ "${1:-}" = check ] && exit 0
	exit 1
fi

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
case ${1:-} in
build)
	npm run --silent build
	;;
check)
	# Compressed files are compared by what is in them: zlib changes, too.
	unpacked() {
		(cd "$1" && find . -type f | LC_ALL=C sort | while read -r file; do
			case $file in *.gz) printf '%s %s\n' "$(gzip -dc "$file" | sha256sum)" "$file" ;; *) sha256sum "$file" ;; esac
		done)
	}
	committed=$(mktemp -d)
	trap 'rm -rf "$committed"' EXIT
	cp -r dist "$committed/dist"
	npm run --silent build
	if ! diff <(unpacked "$committed/dist") <(unpacked dist); then
		rm -rf dist && cp -r "$committed/dist" dist
		echo "web/dist is not what web/ builds: run make pages and commit web/dist"
		exit 1
	fi
	rm -rf dist && cp -r "$committed/dist" dist
	echo "web/dist is what web/ builds"
	;;
*)
	echo "usage: $0 build|check" >&2
	exit 2
	;;
esac
