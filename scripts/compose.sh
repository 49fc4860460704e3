# shellcheck shell=bash
# What the scripts that run the stack have in common; it is sourced, from the
# project's root.

stack() { docker compose -f compose/compose.yaml "$@"; }

# engine_missing says what of Docker is missing, and fails when nothing is.
engine_missing() {
	if ! command -v docker >/dev/null; then
		echo "docker is not on PATH: install Docker Engine with the Compose plugin"
	elif ! docker compose version >/dev/null 2>&1; then
		echo "docker has no 'compose' command: install the Compose plugin, 2.24 or newer"
	elif ! docker info >/dev/null 2>&1; then
		echo "no Docker engine answers: start it, or check DOCKER_HOST and your rights to its socket"
	else
		return 1
	fi
}

# taken_ports prints the ports of the stack that another program listens on.
taken_ports() {
	local port list=()
	for port in 8000 8001 8002 8003 3000 9090 9100 9121; do
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			list+=("$port")
		fi
	done
	echo "${list[*]}"
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

# targets prints the state of every Prometheus target: job, address, health.
targets() {
	curl -fsS 'http://127.0.0.1:9090/api/v1/query?query=up' |
		grep -o '"metric":{[^}]*},"value":\[[^]]*\]' |
		sed -E 's/.*"instance":"([^"]*)".*"job":"([^"]*)".*,"([01])"\]/\2 \1 \3/; s/ 1$/ up/; s/ 0$/ DOWN/' | sort
}

# targets_up succeeds when each of the five jobs has a target, and all are up.
targets_up() {
	local all
	all=$(targets 2>/dev/null) || return 1
	[ "$(cut -d' ' -f1 <<<"$all" | sort -u | wc -l)" = 5 ] && ! grep -q DOWN <<<"$all"
}
