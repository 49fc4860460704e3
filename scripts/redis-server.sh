#!/bin/sh
# Prints the path of a redis-server for the tests: the one that REDIS_SERVER
# names, else the one on PATH, else one that is installed now, if it may be.
# Prints nothing, and says so on stderr, when there is none; the tests then run
# the same bodies on the embedded server.
set -u

if command -v "${REDIS_SERVER:-redis-server}"; then
	exit
fi
if "$(dirname "$0")/apt-install.sh" redis-server && command -v redis-server; then
	exit
fi
cat >&2 <<'EOF'

  ********************************************************************
  *  There is no redis-server here, and it could not be installed.   *
  *  Tests that need a real one run on an embedded server, or are    *
  *  skipped: put redis-server on PATH, or set REDIS_SERVER.         *
  ********************************************************************

EOF
