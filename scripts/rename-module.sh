#!/bin/sh
# Renames the module, in go.mod, imports, gqlgen.yml and the constant of cmd/trib:
#
#	scripts/rename-module.sh example.com/team/tributary && make generate fmt
set -eu
cd "$(dirname "$0")/.."
new=${1:?"the new path of the module is missing, as in scripts/rename-module.sh example.com/team/tributary"}
old=$(awk '$1 == "module" { print $2; exit }' go.mod)

find . \( -name .git -o -name .cache -o -name node_modules \) -prune -o -type f \
	\( -name '*.go' -o -name go.mod -o -name gqlgen.yml -o -name .golangci.yml -o -name '*.md' \) -print |
	while IFS= read -r file; do
		sed -e "s#\"$old/#\"$new/#g" \
			-e "s#^\(const Module = \)\"$old\"#\1\"$new\"#" \
			-e "s#^\(//go:generate go run \)$old/#\1$new/#" \
			-e "s#^module $old\(/[a-z]*\)*\$#module $new\1#" \
			-e "s#^\([ 	]*\(require \|replace \)*\)$old \(v\|=>\)#\1$new \3#" \
			-e "s#\(- \|model: \|tool \|	\)$old/#\1$new/#" \
			-e "s#local-prefixes: \[$old\]#local-prefixes: [$new]#" "$file" >"$file.renamed"
		if cmp -s "$file" "$file.renamed"; then rm "$file.renamed"; else cat "$file.renamed" >"$file" && rm "$file.renamed"; fi
	done
