#!/usr/bin/env bash
# Measures how a scan of 4096 hosts x 100 ports gets faster with workers: one, two and three processes on one machine, over a
# cable between network namespaces, with Redis and Postgres; at the usual rate of a scan, and as fast as the machine can.
#
#   bench/scale.sh [rounds]      default 3, interleaved; medians are compared
#
# Needs cargo, python3, iproute2, redis-server and Postgres, and root: the servers and the workers are together in a
# namespace. Exits with 1 when a count is not exact.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
if [ -z "${SCALE_IS_ALONE:-}" ]; then
    cargo build --quiet --release -p vedette -p api -p worker --bins
    if [ "$(id -u)" != 0 ] || ! unshare -n true 2>/dev/null; then
        echo "skipped: takes root, and a machine that allows network namespaces"
        exit 1
    fi
    SCALE_IS_ALONE=1 exec unshare -n "$0" "$rounds"
fi
programs=${CARGO_TARGET_DIR:-target}/release
ip link set lo up

source bench/servers.sh
start_redis
start_postgres

export VEDETTE_TARGETS_ALLOW=198.18.0.0/15

describe_machine
describe_servers
echo

make_tables
port=$(free_port)
start_api "$port"

python3 bench/scale.py --rounds "$rounds" --api "127.0.0.1:$port" --worker "$programs/vedette-worker" --logs "$folder"
