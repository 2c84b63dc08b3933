#!/usr/bin/env bash
# Compares our streams with nchan (in nginx) and node, SSE and WebSocket: bursts, one busy topic, many topics, memory. Then
# ours alone: everybody comes back at once, and the way from a worker to the sockets of two api processes.
#
#   bench/streams.sh [rounds [listeners]]      default 5 rounds, interleaved, of 10000 listeners
#
# The server has one processor, whoever listens the other. Needs cargo, node with npm, redis-server, Postgres with
# pg_stat_statements, and nchan (Debian: apt install libnginx-mod-nchan nginx-light), and 2 processors. Takes about five
# minutes a round. Exits with 1 when a bar is missed; bench/README.md says what each line means.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
listeners=${2:-10000}

cargo build --quiet --release -p vedette -p api --bins
# By itself: built together, its HTTP client would take over features of the others'.
cargo build --quiet --release -p vedette-bench
programs=${CARGO_TARGET_DIR:-target}/release
(cd bench/streams && npm install --silent --no-audit --no-fund)
ulimit -n "$(ulimit -Hn)"

source bench/servers.sh
start_redis
postgres_options="-c shared_preload_libraries=pg_stat_statements" start_postgres
export VEDETTE_ENTERPRISE_REQUESTS=1000000000 VEDETTE_TARGETS_ALLOW=127.0.0.0/8
export VEDETTE_STREAMS=1000000 VEDETTE_KEY_STREAMS=1000000 VEDETTE_ADDRESS_STREAMS=1000000 VEDETTE_ORGANIZATION_STREAMS=1000000
make_tables
ask_postgres "CREATE EXTENSION pg_stat_statements"

describe_machine
describe_servers
echo "nginx $(nginx -v 2>&1 | cut -d/ -f2), nchan $(dpkg-query -W -f '${Version}' libnginx-mod-nchan 2>/dev/null || echo unknown)," \
    "node $(node --version), ws $(node -p 'require("./bench/streams/node_modules/ws/package.json").version')"
echo

lines=$folder/lines
measure() {
    timeout 300 taskset -c 1 "$programs/bench-streams" "$@" | tee -a "$lines" | sed "s/^/round $round: /"
}

# Ends the server that was started last.
end_last() {
    kill "${pids[-1]}" && wait "${pids[-1]}" || true
    unset 'pids[-1]'
}

start_ours() {
    TOKIO_WORKER_THREADS=1 start ours "$1" env VEDETTE_LISTEN="127.0.0.1:$1" taskset -c 0 "$programs/vedette-api"
}

start_nchan() {
    cat >"$folder/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events { worker_connections 40000; }
http {
    access_log off;
    tcp_nodelay on;
    client_body_temp_path $folder/nginx-body;
    server {
        listen 127.0.0.1:$1 backlog=4096;
        keepalive_requests 1000000000;
        location ~ ^/pub/(.+)\$ { nchan_publisher; nchan_channel_id \$1; }
        location ~ ^/sub/(.+)\$ { nchan_subscriber; nchan_channel_id \$1; }
    }
}
CONF
    start nchan "$1" taskset -c 0 nginx -c "$folder/nginx.conf"
}

start_node() {
    start node "$1" taskset -c 0 node bench/streams/node.mjs "$1"
}

# Measures a server that is started for it.
fan_out() {
    local server=$1 kind=$2 port options=()
    port=$(free_port)
    "start_$server" "$port"
    sleep 1
    [ "$server" != ours ] || options+=(--ours)
    for pid in "${pids[-1]}" $(pgrep -P "${pids[-1]}"); do options+=(--pid "$pid"); done
    measure fan-out --name "$server.$kind" --kind "$kind" --server "127.0.0.1:$port" --listeners "$listeners" "${options[@]}"
    end_last
}

# Reads of events and of jobs that the database has seen.
reads() {
    ask_postgres "SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT%FROM $1%'
        AND dbid = (SELECT oid FROM pg_database WHERE datname = 'vedette')"
}

resume() {
    local job port
    port=$(free_port)
    job=$("$programs/bench-streams" resume --server "127.0.0.1:$port")
    start_ours "$port"
    ask_postgres "SELECT pg_stat_statements_reset()" >/dev/null
    measure resume --server "127.0.0.1:$port" --job "$job" --listeners "$listeners"
    echo "round $round: reads of events: $(reads events), of jobs: $(reads jobs)"
    end_last
}

whole_way() {
    local one two
    one=$(free_port)
    start_ours "$one"
    two=$(free_port)
    start_ours "$two"
    measure whole-way --server "127.0.0.1:$one" --server "127.0.0.1:$two"
    end_last
    end_last
}

for round in $(seq "$rounds"); do
    for kind in sse websocket; do
        for server in nchan ours node; do fan_out "$server" "$kind"; done
    done
    resume
    whole_way
done

echo
echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg)"
"$programs/bench-streams" report "$lines"
