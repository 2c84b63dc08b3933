#!/usr/bin/env bash
# Compares our queue with BullMQ: no-op jobs on one private Redis (and our rows in a private Postgres).
#
#   bench/queue.sh [rounds [jobs [slots]]]      default 5 rounds, interleaved, of 12000 jobs, 256 slots
#
# Needs cargo, node with npm, redis-server and Postgres (Debian: apt install redis-server postgresql nodejs npm).
# BullMQ is installed from npm into bench/bullmq/node_modules. Takes about four minutes after the build.
# Exits with 1 when a bar is missed; bench/README.md says what each line means.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
jobs=${2:-12000}
slots=${3:-256}
singles=100

cargo build --quiet --release -p vedette-bench
ours=${CARGO_TARGET_DIR:-target}/release/bench-queue
(cd bench/bullmq && npm install --silent --no-audit --no-fund)

source bench/servers.sh
start_redis
start_postgres

export VEDETTE_TARGETS_ALLOW=127.0.0.0/8
export VEDETTE_LEASE_SECONDS=3

describe_machine
describe_servers
echo "node $(node --version), BullMQ $(node -p 'require("./bench/bullmq/node_modules/bullmq/package.json").version')"
echo

lines=$folder/lines
measure() {
    timeout 120 "$@" | tee -a "$lines" | sed "s/^/round $round: /"
}

for round in $(seq "$rounds"); do
    # Each round starts with empty servers.
    redis-cli -p "$REDIS_PORT" flushall >/dev/null
    ask_postgres "CREATE DATABASE round_$round"
    export DATABASE_URL=$postgres_url/round_$round
    measure node bench/bullmq/measure.mjs rounds "$jobs" "$singles" "$slots"
    redis-cli -p "$REDIS_PORT" flushall >/dev/null
    measure "$ours" transport $((jobs * 5)) "$singles"
    measure "$ours" durable "$jobs" "$singles" "$slots"
    measure "$ours" redelivery
done
redis-cli -p "$REDIS_PORT" flushall >/dev/null
measure node bench/bullmq/measure.mjs redelivery

echo
echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg)"
"$ours" report "$lines"
