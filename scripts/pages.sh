#!/usr/bin/env bash
# Builds web/ into gateway/pages/dist and web/example/dist (build), or sees that
# these are what would be built (check). The packages are those of web/package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null; then
	echo "SKIPPED: there is no npm to build the pages of web/ with; a Go test holds what is committed to their sources"
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
	built=(../gateway/pages/dist example/dist)
	committed=$(mktemp -d)
	restore() {
		for i in "${!built[@]}"; do rm -rf "${built[$i]}" && cp -r "$committed/$i" "${built[$i]}"; done
		rm -rf "$committed"
	}
	for i in "${!built[@]}"; do cp -r "${built[$i]}" "$committed/$i"; done
	trap restore EXIT
	npm run --silent build
	for i in "${!built[@]}"; do
		if ! diff <(unpacked "$committed/$i") <(unpacked "${built[$i]}"); then
			echo "${built[$i]#../} is not what web/ builds: run make pages and commit it"
			exit 1
		fi
	done
	echo "what is committed is what web/ builds"
	;;
*)
	echo "usage: $0 build|check" >&2
	exit 2
	;;
esac
