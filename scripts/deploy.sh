#!/usr/bin/env bash
# Writes what deploy/ takes from elsewhere: the chart's rules and dashboards are those
# of prometheus/ and grafana/, and the kustomize base is what the chart renders by default.
#
#	deploy.sh update	write it anew
#	deploy.sh check  	fail when it is not up to date, and lint and render every value set of the chart
#
# helm is $HELM, or is found on PATH, or is built by Go (minutes, once).
set -euo pipefail
cd "$(dirname "$0")/.."
chart=deploy/helm/tributary
base=deploy/kustomize/base
kube=1.34.0 # a helm that Go built knows no newer Kubernetes than 1.20

copy() { # copy DIR: rules and dashboards
	mkdir -p "$1/rules" "$1/dashboards"
	cp prometheus/rules/*.yml "$1/rules/"
	cp grafana/dashboards/*.json "$1/dashboards/"
}

render() { # render FILE
	{
		echo "# Written by: make deploy"
		"$HELM" template tributary "$chart" --kube-version "$kube" --set examples.enabled=false
	} >"$1"
}

# server applies the value sets to a real API server, dry, in a namespace that admits
# restricted pods only. KUBECONFIG_DRY_RUN names the configuration of one.
server() {
	if [ -z "${KUBECONFIG_DRY_RUN:-}" ]; then
		echo "SKIPPED: KUBECONFIG_DRY_RUN names no API server, so no server admitted the objects" >&2
		return
	fi
	kube() { kubectl --kubeconfig "$KUBECONFIG_DRY_RUN" "$@"; }
	kube get namespace tributary-dry-run >/dev/null 2>&1 || kube create namespace tributary-dry-run
	kube label --overwrite namespace tributary-dry-run pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted
	for set in default examples cluster sentinel own-graph; do
		"$HELM" template tributary "$chart" --kube-version "$kube" -n tributary-dry-run -f "$chart/ci/$set-values.yaml" |
			kube apply -n tributary-dry-run --dry-run=server --warnings-as-errors -f -
	done
	kube delete namespace tributary-dry-run --wait=false
}

HELM=${HELM:-$(command -v helm || true)}
if [ -z "$HELM" ]; then
	HELM=$PWD/.cache/bin/helm-$HELM_VERSION
	if [ ! -x "$HELM" ]; then
		echo "building helm $HELM_VERSION, once; a few minutes"
		mkdir -p .cache/bin
		if GOFLAGS='' GOBIN=$PWD/.cache/bin go install "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"; then
			mv .cache/bin/helm "$HELM"
		else
			echo "SKIPPED: helm could not be built, so the chart was neither linted nor rendered" >&2
			HELM=
		fi
	fi
fi

case ${1:-} in
update)
	rm -rf "$chart/files"
	copy "$chart/files"
	[ -n "$HELM" ] || exit 1
	mkdir -p "$base"
	render "$base/tributary.yaml"
	;;
check)
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	copy "$scratch/files"
	if ! diff -r "$scratch/files" "$chart/files"; then
		echo "the chart's rules or dashboards are not those of prometheus/ and grafana/: run make deploy" >&2
		exit 1
	fi
	[ -n "$HELM" ] || exit 0
	render "$scratch/base.yaml"
	if ! diff "$scratch/base.yaml" "$base/tributary.yaml"; then
		echo "$base is not what the chart renders: run make deploy" >&2
		exit 1
	fi
	for values in "$chart"/ci/*-values.yaml; do
		"$HELM" lint --kube-version "$kube" --quiet --strict "$chart" -f "$values"
	done
	for wrong in replicas=many redis.mode=single servics.users=http://users image.digest=latest; do
		if "$HELM" template tributary "$chart" --kube-version "$kube" --set "$wrong" >/dev/null 2>&1; then
			echo "the chart renders with $wrong" >&2
			exit 1
		fi
	done
	(cd deploy/decode && go build -o "$scratch/decode" .)
	for values in "$chart"/ci/*-values.yaml; do
		"$HELM" template tributary "$chart" --kube-version "$kube" -f "$values" >"$scratch/objects.yaml"
		printf '%s: ' "$(basename "$values")"
		"$scratch/decode" <"$scratch/objects.yaml"
	done
	# The Prometheus Operator's and the Gateway API's types are not decoded, but the rules are
	# those of a ConfigMap too.
	"$HELM" template tributary "$chart" --kube-version "$kube" -f "$chart/ci/monitoring-values.yaml" >"$scratch/objects.yaml"
	if grep -qE 'job=.?"gateway' "$scratch/objects.yaml"; then
		echo "a rule or dashboard of the chart looks for the job gateway, which only compose has" >&2
		exit 1
	fi
	if command -v promtool >/dev/null; then
		for rules in objectives parts; do
			awk -v key="  $rules.rules.yml: |" '/^---/ { on = 0 } on { print substr($0, 5) } $0 == key { on = 1 }' \
				"$scratch/objects.yaml" >"$scratch/$rules.yml"
			promtool check rules "$scratch/$rules.yml"
		done
	else
		echo "SKIPPED: there is no promtool on PATH, so the chart's rules were not checked" >&2
	fi
	server
	;;
*)
	sed -n '2,8p' "$0" >&2
	exit 2
	;;
esac
