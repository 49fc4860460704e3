#!/usr/bin/env bash
# Builds what a release consists of, into dist/: a static binary for each of PLATFORMS, an
# SBOM, the release's notes from CHANGELOG.md, and checksums of all of it. The build is
# reproducible: the same commit and Go give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${VERSION:?is set by make release}"
platforms=${PLATFORMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64}
out=dist
rm -rf "$out"
mkdir -p "$out"

if ! git diff --quiet HEAD; then
	echo "WARNING: the checkout has changes that are not committed; this is not a release of $VERSION" >&2
fi

for platform in $platforms; do
	binary=$out/tributary-$VERSION-${platform%/*}-${platform#*/}
	echo "building $binary"
	CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} \
		go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o "$binary" .
done

# What the binary was linked from, which is less than what go.mod lists.
if ! go run "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$CYCLONEDX_VERSION" \
	bin -json -version "$VERSION" -output "$out/tributary-$VERSION.cdx.json" "$binary"; then
	echo "FAILED: the SBOM was not written" >&2
	exit 1
fi

# A module that is affected ends the release; a database out of reach does not, but says so.
report=$out/vulnerabilities.txt
status=0
go run "golang.org/x/vuln/cmd/govulncheck@$GOVULNCHECK_VERSION" ./... >"$report" 2>&1 || status=$?
if grep -q '^Vulnerability #' "$report"; then
	cat "$report" >&2
	exit 1
elif [ "$status" -ne 0 ] && grep -qE 'vuln\.go\.dev' "$report"; then
	echo "SKIPPED: the vulnerability database could not be reached, so NO CHECK WAS MADE:" >&2
	cat "$report" >&2
	rm "$report"
elif [ "$status" -ne 0 ]; then
	echo "FAILED: govulncheck did not end its check:" >&2
	cat "$report" >&2
	exit 1
fi

# The section of this version, or what is not released yet.
version=${VERSION#v}
notes() { awk -v heading="## [$1]" 'index($0, heading) == 1 { on = 1; next } /^## \[/ { on = 0 } on' CHANGELOG.md; }
notes "$version" >"$out/NOTES.md"
[ -s "$out/NOTES.md" ] || notes Unreleased >"$out/NOTES.md"

(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
