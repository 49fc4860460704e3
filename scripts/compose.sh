# shellcheck shell=bash
# What the scripts that run the stack have in common; it is sourced, from the
# project's root. REPLICAS=2 in the environment asks for two gateways behind a
# balancer, TRACING=1 for Jaeger.

if [ -n "${TRACING:-}" ]; then
	export COMPOSE_PROFILES=tracing
	export OTEL_EXPORTER_OTLP_ENDPOINT=${OTEL_EXPORTER_OTLP_ENDPOINT:-http://jaeger:4318}
fi

stack() {
	local files=(-f compose/compose.yaml)
	if [ "${REPLICAS:-1}" -gt 1 ]; then
		files+=(-f compose/replicas.yaml)
	fi
	if [ -f compose/digests.yaml ]; then # scripts/image-digests.sh
		files+=(-f compose/digests.yaml)
	fi
	docker compose "${files[@]}" "$@"
}

# engine_missing says what is missing to run the stack, and fails when nothing is.
engine_missing() {
	if ! command -v docker >/dev/null; then
		echo "docker is not on PATH: install Docker Engine with the Compose plugin"
	elif ! docker compose version >/dev/null 2>&1; then
		echo "docker has no 'compose' command: install the Compose plugin, 2.24 or newer"
	elif ! docker info >/dev/null 2>&1; then
		echo "no Docker engine answers: start it, or check DOCKER_HOST and your rights to its socket"
	elif ! command -v curl >/dev/null; then
		echo "curl is not on PATH, and the stack is asked with it"
	else
		return 1
	fi
}

# taken_ports prints the ports of the stack that another program listens on, and
# what each is for; it fails when there is none.
taken_ports() {
	local port what list=
	while read -r port what; do
		if [ -n "$port" ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			list+="${list:+, }$port (for $what)"
		fi
	done <<-EOF
		8000 the gateway
		8001 users
		8002 orders
		8003 products
		9090 Prometheus
		3000 Grafana
		9121 redis_exporter
		9100 node_exporter
		${TRACING:+16686 Jaeger}
	EOF
	echo "$list"
	[ -n "$list" ]
}

# eventually SECONDS COMMAND… runs the command until it succeeds, that long.
eventually() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.5
	done
}

# targets prints Prometheus's targets: job, address, and whether it is up, down or
# unknown, since not asked yet.
targets() {
	curl -fsS 'http://127.0.0.1:9090/api/v1/targets?state=active' |
		grep -oE '"(scrapePool|scrapeUrl|health)":"[^"]*"' | cut -d'"' -f4 | paste -d' ' - - - | sort
}

# targets_up succeeds when each of the five jobs has a target, each gateway is
# one, and all are up.
targets_up() {
	local all
	all=$(targets 2>/dev/null) || return 1
	[ "$(cut -d' ' -f1 <<<"$all" | sort -u | wc -l)" = 5 ] &&
		[ "$(grep -c '^gateway ' <<<"$all")" = "${REPLICAS:-1}" ] &&
		! grep -qv ' up$' <<<"$all"
}
