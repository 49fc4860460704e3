#!/usr/bin/env bash
# Builds and starts the whole stack in Docker, waits until it is healthy, sends
# it a little traffic, checks that Prometheus reaches every target and prints
# where everything is.
#
#	./start_with_monitoring.sh            start, or take over what has changed
#	./start_with_monitoring.sh --clean    first remove what an earlier run stored
#
# REPLICAS=2 in the environment starts two gateways behind a balancer, TRACING=1
# Jaeger. `make up` does the same as this script, `make down` stops the stack.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=scripts/compose.sh
. scripts/compose.sh

clean=
case ${1:-} in
"") ;;
--clean) clean=yes ;;
-h | --help)
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
	exit
	;;
*)
	echo "unknown option $1; there is --clean" >&2
	exit 2
	;;
esac

if why=$(engine_missing); then
	echo "cannot start: $why" >&2
	exit 1
fi
if [ -n "$clean" ]; then
	stack --profile '*' down --volumes --remove-orphans
fi
if [ -z "$(stack ps --quiet)" ] && taken=$(taken_ports); then
	echo "cannot start: another program listens on port $taken" >&2
	echo "stop it (is 'make run' still running?), or change the ports in compose/compose.yaml" >&2
	exit 1
fi

VERSION=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
export VERSION
if ! stack up --detach --build --wait --remove-orphans; then
	echo >&2
	echo "the stack did not become healthy:" >&2
	stack ps --all >&2
	stack logs --tail 20 >&2
	exit 1
fi

echo "sending a little traffic"
for i in $(seq 50); do
	curl -fsS -o /dev/null "http://127.0.0.1:8000/api/profile/u$i"
	curl -fsS -o /dev/null http://127.0.0.1:8000/graphql -H 'Content-Type: application/json' \
		-d '{"query":"{ user(id: \"u'"$((i % 10 + 1))"'\") { fullName orders { totalAmount items { product { name } } } } }"}'
done

echo "waiting for Prometheus to reach every target"
if ! eventually 60 targets_up; then
	echo "not every Prometheus target is up:" >&2
	targets >&2
	exit 1
fi
targets | sed 's/^/  /'

cat <<'EOF'

  GraphQL       http://localhost:8000/graphql       playground: http://localhost:8000/playground
  REST          http://localhost:8000/api/profile/user123
  Health        http://localhost:8000/health
  Users         http://localhost:8001/users/user123
  Orders        http://localhost:8002/orders/user/user123
  Products      http://localhost:8003/products/prod1
  Prometheus    http://localhost:9090               alerts: http://localhost:9090/alerts
  Grafana       http://localhost:3000               admin / admin123, unless compose/.env says otherwise
  Exporters     http://localhost:9121/metrics (Redis)   http://localhost:9100/metrics (this machine)
EOF
if [ -n "${TRACING:-}" ]; then
	echo '  Jaeger        http://localhost:16686'
fi
printf '\n  Stop it with %s.\n' "'make down'"
