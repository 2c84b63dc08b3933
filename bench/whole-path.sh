#!/usr/bin/env bash
# Measures a scan of all 65,535 ports of 127.0.0.1 from its POST to `complete` on the stream, beside the engine alone:
# in one process with SQLite, and with api and worker processes on Redis and Postgres.
#
#   bench/whole-path.sh [rounds]      default 5, interleaved; medians are compared
#
# Needs cargo, python3, redis-server and Postgres. Exits with 1 when a bar is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
cargo build --quiet --release -p vedette -p api -p worker --bins
cargo build --quiet --release -p portscan --example scan
programs=${CARGO_TARGET_DIR:-target}/release

source bench/servers.sh
start_redis
start_postgres

export VEDETTE_TARGETS_ALLOW=127.0.0.0/8

describe_machine
describe_servers
echo

one=$(free_port)
start_up "$one"

make_tables
many=$(free_port)
start_api "$many"
start worker "" "$programs/vedette-worker"

python3 bench/whole-path.py --rounds "$rounds" --engine "$programs/examples/scan" \
    --server "one process, SQLite=127.0.0.1:$one" --server "processes, Redis and Postgres=127.0.0.1:$many"
