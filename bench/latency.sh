#!/usr/bin/env bash
# Measures the time from the POST of a scan to its first progress on the stream, on an idle server: all in one process
# with SQLite, then api and worker processes on Redis and Postgres.
#
#   bench/latency.sh [posts]      default 300 for each
#
# Needs cargo, redis-server and Postgres. Takes less than a minute after the build.
# Exits with 1 when a bar is missed; bench/README.md says what each line means.
set -euo pipefail
cd "$(dirname "$0")/.."

posts=${1:-300}

cargo build --quiet --release -p vedette -p api -p worker --bins
# By itself: built together, its HTTP client would take over features of the others'.
cargo build --quiet --release -p vedette-bench
programs=${CARGO_TARGET_DIR:-target}/release

source bench/servers.sh
start_redis
start_postgres

describe_machine
describe_servers
echo

missed=0
measure() {
    timeout 100 "$programs/bench-latency" --posts "$posts" --key "$VEDETTE_OWNER_KEY" "$@" || missed=1
}

port=$(free_port)
start_up "$port"
measure --server "http://127.0.0.1:$port" --label "vedette up, SQLite" --bar 50
kill "${pids[-1]}" && wait "${pids[-1]}" || true

export VEDETTE_TARGETS_ALLOW=127.0.0.0/8
make_tables
port=$(free_port)
start_api "$port"
start worker "" "$programs/vedette-worker"
measure --server "http://127.0.0.1:$port" --label "vedette-api and vedette-worker, Redis and Postgres" --bar 80

exit "$missed"
