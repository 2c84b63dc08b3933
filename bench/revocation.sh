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

export VEDETTE_REGISTRATIONS=1000000 VEDETTE_FREE_REQUESTS=1000000000 VEDETTE_ANONYMOUS_REQUESTS=1000000000
export VEDETTE_TARGETS_ALLOW=127.0.0.0/8

describe_machine
describe_servers
echo

make_tables
places=()
for _ in 1 2; do
    port=$(free_port)
    # Without a worker the scans wait, and their streams with them.
    start_api "$port"
    places+=("127.0.0.1:$port")
done

timeout 300 "$programs/bench-revocation" --first "${places[0]}" --second "${places[1]}" --keys "$keys"
