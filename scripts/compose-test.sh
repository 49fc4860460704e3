#!/usr/bin/env bash
# Runs the whole stack in Docker, end to end: starts it, asks it, stops Redis,
# kills a service, restarts and kills gateways while asking, follows a trace, and takes
# all down again with what it stored. Says so where it is skipped: all of it
# without a Docker engine, a part of it without what that part needs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/compose.sh
. scripts/compose.sh

# The balancer is tested without Docker, too, where HAProxy is or can be installed.
command -v haproxy >/dev/null || scripts/apt-install.sh haproxy || true
go test -count=1 ./compose

# A project name of its own, because its volumes are removed.
export COMPOSE_PROJECT_NAME=tributary-test REPLICAS=1

if why=$(engine_missing); then
	printf '\nSKIPPED: the stack was not tested: %s\n\n' "$why" >&2
	exit 0
fi
if taken=$(TRACING=1 taken_ports); then
	echo "cannot run: another program listens on port $taken" >&2
	exit 1
fi

tmp=$(mktemp -d)
finish() {
	local code=$?
	if [ $code != 0 ]; then
		stack ps --all
		stack logs --tail 15
	fi
	stack --profile '*' down --volumes --remove-orphans --timeout 20 >"$tmp/down" 2>&1 || { cat "$tmp/down"; code=1; }
	rm -rf "$tmp"
	exit $code
}
trap finish EXIT

say() { printf '%4ss  %s\n' "$SECONDS" "$*"; }
fail() {
	say "FAILED: $*"
	exit 1
}

gateway=http://127.0.0.1:8000
graphql() {
	curl -fsS --max-time 10 "$gateway/graphql" -H 'Content-Type: application/json' -d "{\"query\":\"$1\"}"
}
profile() { curl -fsS --max-time 10 "$gateway/api/profile/$1"; }

# ask_all_the_while asks for profiles, other ones each time, until it is told to
# stop, and counts those that were answered and those that were not, whole or at all.
ask_all_the_while() {
	local good=0 bad=0 slow=0 i=0 answer took
	while [ ! -e "$tmp/enough" ]; do
		i=$((i % 1000 + 1))
		if answer=$(curl -fsS --max-time 10 -w '\n%{time_total}' "$gateway/api/profile/u$i" 2>>"$tmp/curl") && grep -q '"degraded":\[\]' <<<"$answer"; then
			good=$((good + 1))
			took=${answer##*$'\n'}
			[ "${took%.*}" = 0 ] || slow=$((slow + 1))
		else
			bad=$((bad + 1))
			echo "$answer" >>"$tmp/bad"
		fi
		sleep 0.02
	done
	echo "$good $bad $slow" >"$tmp/count"
}
start_asking() {
	rm -f "$tmp/enough" "$tmp/bad" "$tmp/curl"
	ask_all_the_while &
	asking=$!
}
stop_asking() {
	touch "$tmp/enough"
	wait "$asking"
	read -r good bad slow <"$tmp/count"
}
healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$(stack ps --all --quiet "$1")")" = healthy ]; }
redis_used() { curl -fsS "$gateway/health" | grep -q '"type":"redis","status":"healthy"'; }
all_healthy() { curl -fsS "$gateway/health" | grep -q '"status":"healthy","service":"api-gateway"'; }
gateway_running() { stack ps gateway --format '{{.State}}' | grep -q running; }

say "starting the stack"
stack up --detach --build --wait || fail "the stack did not become healthy"

say "every Prometheus target is up"
eventually 60 targets_up || { targets; fail "not every target is up"; }
targets | sed 's/^/       /'

say "a GraphQL query and a REST profile go through the stack"
answer=$(graphql '{ profile(userId: \"user123\") { user { username } orders { id items { product { name } } } products { id } } }')
for part in ivan_ivanov order123 order456 Ноутбук prod3; do
	grep -q "$part" <<<"$answer" || fail "no $part in $answer"
done
grep -q '"errors"' <<<"$answer" && fail "errors in $answer"
grep -q '"username":"ivan_ivanov"' <<<"$(profile user123)" || fail "no user in the profile"
code=$(curl -s -o /dev/null -w '%{http_code}' "$gateway/api/profile/nobody")
[ "$code" = 404 ] || fail "an unknown user answers $code"
eventually 10 redis_used || fail "Redis is not used: $(curl -s "$gateway/health")"

say "only loopback is published, and Redis not at all"
docker ps --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --format '{{.Names}} {{.Ports}}' >"$tmp/ports"
grep -E '0\.0\.0\.0|\[::\]|6379->' "$tmp/ports" && fail "published too widely"

say "containers have no root, no capabilities, and nothing to write to"
for id in $(stack ps --quiet); do
	docker inspect -f '{{.Name}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}} user={{.Config.User}}' "$id"
done >"$tmp/confined"
grep -Ev ' true \[ALL\] \[no-new-privileges:true[^]]*\] unless-stopped [1-9][0-9]+ user=[^ ]+$' "$tmp/confined" && fail "not confined"
grep -E 'user=(root|0)(:|$)' "$tmp/confined" && fail "root"

say "Redis stops and comes back while clients ask"
start_asking
sleep 1
stack stop --timeout 2 redis >/dev/null 2>&1
sleep 5
redis_used && fail "a stopped Redis is called healthy"
stack start redis >/dev/null 2>&1
eventually 30 redis_used || fail "Redis is back and not used: $(curl -s "$gateway/health")"
stop_asking
say "  $good answers, $bad failed, $slow took a second or more"
[ "$bad" = 0 ] || { head -3 "$tmp/bad" "$tmp/curl"; fail "requests failed without Redis"; }
[ "$slow" = 0 ] || fail "requests waited for Redis"

say "a service is killed: what is not cached is null, with its code; what is cached is served"
profile user456 >/dev/null
stack kill users >/dev/null 2>&1
answer=$(graphql '{ user(id: \"u999\") { username } product(id: \"prod1\") { name } }') || fail "no answer"
grep -q '"service":"users"' <<<"$answer" || fail "no error of users in $answer"
grep -q 'Ноутбук' <<<"$answer" || fail "no product in $answer"
grep -q anna_smirnova <<<"$(profile user456)" || fail "a cached user is gone"
stack start users >/dev/null 2>&1
eventually 30 healthy users || fail "users did not come back"
eventually 60 all_healthy || fail "the gateway does not see that users is back: $(curl -s "$gateway/health")"
grep -q '"username"' <<<"$(graphql '{ user(id: \"u998\") { username } }')" || fail "users is back and not asked"

# The engine does not restart what it was told to kill, so the process is killed
# behind its back, where that can be done and is surely ours.
pid=$(docker inspect -f '{{.State.Pid}}' "$(stack ps --quiet orders)")
if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q '^/tributary orders' && kill -9 "$pid" 2>/dev/null; then
	say "a service that dies is started again by itself"
	restarted() { [ "$(docker inspect -f '{{.RestartCount}}' "$(stack ps --all --quiet orders)")" -ge 1 ] && healthy orders; }
	eventually 30 restarted || fail "orders was not started again"
else
	say "SKIPPED: whether a service that dies is started again (its process is out of reach)"
fi

say "the gateway stops, drained, with exit code 0"
id=$(stack ps --quiet gateway)
stack stop gateway >/dev/null 2>&1
code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
[ "$code" = 0 ] || fail "the gateway ended with $code"
stack start gateway >/dev/null 2>&1
eventually 30 gateway_running

say "two gateways behind one port: one is restarted while clients ask, which costs nothing"
export REPLICAS=2
stack up --detach --build --wait --remove-orphans >/dev/null 2>&1 || fail "two gateways did not become healthy"
eventually 60 targets_up || { targets; fail "not every gateway is a target"; }
read -r -d '' first second < <(stack ps --quiet gateway) || true
start_asking
sleep 1
docker restart "$first" >/dev/null
restarted=$(date -u +%FT%TZ)
# The balancer has found it again when it is asked again.
asked_again() { grep -q '"route":"/api/profile/{id}"' <<<"$(docker logs --since "$restarted" "$first" 2>&1)"; }
eventually 30 asked_again || fail "a gateway that was restarted is asked nothing"
stop_asking
say "  $good answers, $bad failed"
[ "$bad" = 0 ] || { head -3 "$tmp/bad" "$tmp/curl"; fail "requests failed when a gateway was restarted"; }

say "the other is killed, which costs what it was answering: one request at most"
start_asking
sleep 1
docker kill "$second" >/dev/null
sleep 2
docker start "$second" >/dev/null
sleep 2
stop_asking
say "  $good answers, $bad failed"
[ "$bad" -le 1 ] || { head -3 "$tmp/bad" "$tmp/curl"; fail "requests failed that a killed gateway did not have"; }
for id in "$first" "$second"; do
	grep -q '"route":"/api/profile/{id}"' <<<"$(docker logs "$id" 2>&1)" || fail "one of two gateways was asked nothing"
done

jaeger=$(COMPOSE_PROFILES=tracing stack config --images | grep jaeger)
if docker image inspect "$jaeger" >/dev/null 2>&1 || docker pull --quiet "$jaeger" >/dev/null 2>&1; then
	say "a request is found in Jaeger, with what every service did for it"
	export REPLICAS=1 TRACING=1
	. scripts/compose.sh
	stack up --detach --build --wait --remove-orphans >/dev/null 2>&1 || fail "the stack did not become healthy with tracing"
	trace=4bf92f3577b34da6a3ce929d0e0e4736
	curl -fsS -o /dev/null -H "traceparent: 00-$trace-00f067aa0ba902b7-01" "$gateway/api/profile/u777"
	traced() {
		local found
		found=$(curl -fsS "http://127.0.0.1:16686/api/traces/$trace") || return 1
		for service in api-gateway user-service order-service product-service; do
			grep -q "\"serviceName\":\"$service\"" <<<"$found" || return 1
		done
	}
	eventually 30 traced || fail "not all of it is in the trace: $(curl -sS "http://127.0.0.1:16686/api/traces/$trace" | head -c 600)"
else
	say "SKIPPED: traces (there is no $jaeger here, and it cannot be pulled)"
fi

say "down, with nothing left"
stack --profile '*' down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1
left=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
	docker volume ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
	docker network ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")
[ -z "$left" ] || fail "left behind: $left"
say "the stack holds"
