#!/bin/sh
# Checks Prometheus's configuration and rules, and runs the rules' unit tests.
# promtool is found on PATH (Debian has it in the package prometheus).
#
#	rules.sh render JOB BASE DIR	write the rules for gateways of the job JOB into DIR instead,
#	                        	with links to BASE/docs/runbook.md
set -eu
out=${4:-}
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd "$(dirname "$0")/../prometheus"

if [ "${1:-}" = render ]; then
	[ $# -eq 4 ] || { sed -n '5,6p' "../scripts/rules.sh" >&2; exit 2; }
	case $2 in
	'' | *[!A-Za-z0-9_./-]*) echo "rules.sh: $2 is not the name of a job" >&2; exit 2 ;;
	esac
	case $3 in
	http://* | https://*) ;;
	*) echo "rules.sh: $3 is not an http:// or https:// URL" >&2; exit 2 ;;
	esac
	mkdir -p "$out"
	for rules in rules/*.yml; do
		awk -v job="$2" -v base="${3%/}/" '{
			gsub(/job="gateway"/, "job=\"" job "\"")
			if (at = index($0, "runbook_url: ")) $0 = substr($0, 1, at + 12) base substr($0, at + 13)
			print
		}' "$rules" >"$out/${rules#rules/}"
	done
	exit 0
fi

if ! command -v promtool >/dev/null; then
	echo "SKIPPED: there is no promtool on PATH, so the Prometheus rules were not checked" >&2
	exit 0
fi
promtool check config prometheus.yml
promtool test rules tests/*.yml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
../scripts/rules.sh render api/shop https://runbooks.example.com/shop "$scratch"
if grep -E 'job="gateway"|runbook_url: docs' "$scratch"/*.yml; then
	echo "a rule that was rendered for another job looks for the job gateway, or links to no runbook" >&2
	exit 1
fi
promtool check rules "$scratch"/*.yml
