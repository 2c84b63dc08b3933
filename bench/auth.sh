#!/usr/bin/env bash
# Measures what it costs vedette-api to recognise a key: its processor time where it knows the key, and its queries where
# it does not, whether the key is good, unknown, wrong or revoked.
#
#   bench/auth.sh [requests]      default 10000 for each of 12 rounds
#
# Needs cargo, redis-server and Postgres with pg_stat_statements. Takes a minute after the build.
# Exits with 1 when a bar is missed; bench/README.md says what each line means.
set -euo pipefail
cd "$(dirname "$0")/.."

requests=${1:-10000}
keys=100

cargo build --quiet --release -p vedette -p api --bins
# By itself: built together, its HTTP client would take over features of the others'.
cargo build --quiet --release -p vedette-bench
programs=${CARGO_TARGET_DIR:-target}/release

source bench/servers.sh
start_redis
postgres_options="-c shared_preload_libraries=pg_stat_statements" start_postgres
ask_postgres "CREATE EXTENSION pg_stat_statements"

export VEDETTE_ANONYMOUS_REQUESTS=1000000000 VEDETTE_ENTERPRISE_REQUESTS=1000000000

describe_machine
describe_servers
echo

make_tables
port=$(free_port)
start_api "$port"
auth() {
    "$programs/bench-auth" --server "http://127.0.0.1:$port" "$@"
}

missed=0
timeout 300 "$programs/bench-auth" --server "http://127.0.0.1:$port" \
    cpu --pid "${pids[-1]}" --key "$VEDETTE_OWNER_KEY" --requests "$requests" --bar 60 || missed=1

for kind in good revoked; do
    for _ in $(seq "$keys"); do
        "$programs/vedette" key create owner@localhost --json
    done >"$folder/$kind.json"
    sed 's/.*"key":"\([^"]*\)".*/\1/' "$folder/$kind.json" >"$folder/$kind"
done
sed 's/.*"key_id":"\([^"]*\)".*/\1/' "$folder/revoked.json" |
    while read -r id; do "$programs/vedette" key revoke "$id"; done >/dev/null
# As good ones begin, and as none does; not of 40 characters, which would be refused for their checksum.
awk '{ printf "%saWrongSecret%04d\n", substr($0, 1, 12), NR }' "$folder/good" >"$folder/wrong"
seq -f 'sk_live_anUnknownKeyNumber%04g' "$keys" >"$folder/unknown"

# One request with each key; insists on one look-up for each.
measure_each() {
    local kind=$1 looked_up
    ask_postgres "SELECT pg_stat_statements_reset()" >/dev/null
    auth each --label "$kind" --keys "$folder/$kind"
    looked_up=$(ask_postgres "SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements
        WHERE query LIKE 'SELECT%' AND dbid = (SELECT oid FROM pg_database WHERE datname = 'vedette')")
    echo "    queries for $keys requests: $looked_up, bar $keys"
    [ "$looked_up" = "$keys" ] || missed=1
}
echo
echo "one request with each of $keys keys that the server does not know yet"
measure_each good
measure_each unknown
measure_each wrong
measure_each revoked

exit "$missed"
