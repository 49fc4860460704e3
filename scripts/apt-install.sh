#!/bin/sh
# Installs Debian packages for the tests, where this is root on a machine that
# has apt-get; fails, with a word on stderr, where it is not. Nothing that is
# installed is started: the tests start what they need themselves.
set -eu

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "cannot install $*: not root, or no apt-get here" >&2
	exit 1
fi

# What Debian asks before it starts a service; 101 is no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
fi

echo "installing $*" >&2
export DEBIAN_FRONTEND=noninteractive
{
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "$@"
} </dev/null >/dev/null
