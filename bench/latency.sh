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
ask_postgres "CREATE DATABASE vedette"

export VEDETTE_SECRET_KEY=a-secret-of-this-benchmark-and-of-nothing-else
export VEDETTE_OWNER_KEY=sk_live_aKeyOfThisBenchmarkAndOfNothingElse
export VEDETTE_LOG=warn

describe_machine
describe_servers
echo

missed=0
measure() {
    timeout 100 "$programs/bench-latency" --posts "$posts" --key "$VEDETTE_OWNER_KEY" "$@" || missed=1
}

port=$(free_port)
env -u REDIS_URL "$programs/vedette" up --listen "127.0.0.1:$port" --data "$folder/data" >"$folder/up.log" 2>&1 &
pids+=($!)
measure --server "http://127.0.0.1:$port" --label "vedette up, SQLite" --bar 50
kill "${pids[-1]}" && wait "${pids[-1]}" || true

export DATABASE_URL=$postgres_url/vedette VEDETTE_TARGETS_ALLOW=127.0.0.0/8
"$programs/vedette" migrate >/dev/null
port=$(free_port)
VEDETTE_LISTEN=127.0.0.1:$port "$programs/vedette-api" >"$folder/api.log" 2>&1 &
pids+=($!)
"$programs/vedette-worker" >"$folder/worker.log" 2>&1 &
pids+=($!)
measure --server "http://127.0.0.1:$port" --label "vedette-api and vedette-worker, Redis and Postgres" --bar 80

exit "$missed"
