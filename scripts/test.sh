#!/bin/sh
# Runs go test on the packages and with the flags that it is given: in random
# order, with the race detector where this machine can build for it, and with
# the path of a real redis-server, if there is one, in REDIS_SERVER.
set -eu
cd "$(dirname "$0")/.."

REDIS_SERVER=$(scripts/redis-server.sh)
export REDIS_SERVER

# Under the race detector properties are tried with some examples, and tables are sampled
# (testkit.Sample), since both take several times as long with it. CI also runs them without
# it, and whole: in make library and make test-hostile.
#
# The race detector needs cgo and a C compiler that works. One way to know is to
# build and run a test with it; what that compiles is needed next anyway.
race=-race
if ! why=$(go test -race -run '^$' errors 2>&1); then
	race=
	cat >&2 <<EOF

  ********************************************************************
  *  No race detector here (it needs cgo and a C compiler): the     *
  *  tests run without it, and data races go unseen.                 *
  ********************************************************************

$why

EOF
fi
if [ -n "$race" ]; then
	export RAPID_CHECKS="${RAPID_CHECKS:-20}" # of 100
fi

# A process with the race detector waits for a second before it ends, by default.
GORACE="atexit_sleep_ms=50 ${GORACE:-}"
export GORACE

# Many tests wait: twice as many run at a time as there usually are processors.
# shellcheck disable=SC2086 # no -race is no argument, not an empty one
exec go test $race -shuffle=on -parallel 4 "$@"
