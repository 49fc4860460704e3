#!/usr/bin/env bash
# Writes compose/digests.yaml, an override for Docker Compose in which the images of
# others have the digests that their tags have now:
#
#	docker compose -f compose/compose.yaml -f compose/digests.yaml up
#
# The scripts that run the stack use it where it exists. REGISTRY=URL asks a mirror in
# place of the registries that the images name. Nothing is written unless every image
# has a digest.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-compose/digests.yaml}
accept='Accept: application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'

if ! command -v curl >/dev/null; then
	echo "image-digests: curl is not on PATH, and registries are asked with it" >&2
	exit 1
fi

# images prints the services of compose.yaml that run images of others, and the images.
images() {
	awk '/^[a-z]/ { part = $1 }
		part != "services:" { next }
		/^  [a-z-]+:/ { service = $1 }
		/^    image: / { print service, $2 }' compose/compose.yaml
}

# field prints a parameter of the challenge of a registry.
field() { grep -oiE "$1=\"[^\"]*\"" <<<"$2" | cut -d'"' -f2; }

# headers prints the headers of a manifest.
headers() { curl -sS --max-time 20 -o /dev/null -D - -I -H "$accept" "$@" | tr -d '\r'; }

# digest prints the digest of an image's tag.
digest() {
	local name=${1%:*} tag=${1##*:} host=https://registry-1.docker.io answer challenge token
	case ${name%%/*} in
	*.* | *:* | localhost) host=https://${name%%/*} name=${name#*/} ;;
	*/*) ;;
	*) [ "$name" != "${name#*/}" ] || name=library/$name ;;
	esac
	local url=${REGISTRY:-$host}/v2/$name/manifests/$tag
	answer=$(headers "$url") || return 1
	challenge=$(grep -i '^www-authenticate: bearer' <<<"$answer" || true)
	if [ -n "$challenge" ]; then
		token=$(curl -fsS --max-time 20 -G "$(field realm "$challenge")" \
			--data-urlencode "service=$(field service "$challenge")" --data-urlencode "scope=$(field scope "$challenge")" |
			grep -oE '"(access_)?token" *: *"[^"]*"' | head -n 1 | cut -d'"' -f4) || return 1
		answer=$(headers -H "Authorization: Bearer $token" "$url") || return 1
	fi
	grep -iE '^docker-content-digest: sha256:[0-9a-f]{64}$' <<<"$answer" | cut -d' ' -f2 || {
		echo "$url answers $(head -n 1 <<<"$answer")" >&2
		return 1
	}
}

written="# Written by scripts/image-digests.sh: the digests that the tags of compose.yaml had then.
services:"
while read -r service image; do
	if ! found=$(digest "$image"); then
		cat >&2 <<-EOF

			  ********************************************************************
			  *  No digest for $image: no registry answered.
			  *  $out was not written; the stack runs what the tags lead to.
			  *  REGISTRY=URL asks a mirror.
			  ********************************************************************

		EOF
		exit 1
	fi
	written+="
  $service
    image: $image@$found"
done < <(images)
echo "$written" >"$out"
echo "wrote $out"
