#!/usr/bin/env bash
# Measures how long a key that was revoked at one vedette-api is good at another, and keeps its WebSocket there.
#
#   bench/revocation.sh [keys]      default 200
#
# Needs cargo, redis-server and Postgres. Takes a minute after the build.
# Exits with 1 when the bar is missed; bench/README.md says what each line means.
set -euo pipefail
cd "$(dirname "$0")/.."

keys=${1:-200}

cargo build --quiet --release -p vedette -p api --bins
# By itself: built together, its HTTP client would take over features of the others'.
cargo build --quiet --release -p vedette-bench
programs=${CARGO_TARGET_DIR:-target}/release

source bench/servers.sh
start_redis
start_postgres
ask_postgres "CREATE DATABASE vedette"

export VEDETTE_SECRET_KEY=a-secret-of-this-benchmark-and-of-nothing-else
export VEDETTE_REGISTRATIONS=1000000 VEDETTE_FREE_REQUESTS=1000000000 VEDETTE_ANONYMOUS_REQUESTS=1000000000
export VEDETTE_LOG=warn VEDETTE_TARGETS_ALLOW=127.0.0.0/8
export DATABASE_URL=$postgres_url/vedette

describe_machine
describe_servers
echo

"$programs/vedette" migrate >/dev/null
places=()
for _ in 1 2; do
    port=$(free_port)
    # Without a worker the scans wait, and their streams with them.
    VEDETTE_LISTEN=127.0.0.1:$port "$programs/vedette-api" >"$folder/api-$port.log" 2>&1 &
    pids+=($!)
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
    places+=("127.0.0.1:$port")
done

timeout 300 "$programs/bench-revocation" --first "${places[0]}" --second "${places[1]}" --keys "$keys"
