#!/usr/bin/env bash
# Runs a command in a network namespace of its own, which has loopback and nothing else: alone.sh COMMAND..
# Nothing there reaches anybody outside, and every port is free. Needs root.
set -euo pipefail

exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh "$@"
