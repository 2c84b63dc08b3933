# Sourced by the benchmarks: private servers on free ports of 127.0.0.1, gone when the script ends.

folder=$(mktemp -d)
chmod 711 "$folder"
pids=()
postgres_data=

stop_servers() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${pids[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    [ -z "$postgres_data" ] || as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -m immediate stop >/dev/null || true
    rm -rf "$folder"
}
trap stop_servers EXIT
trap 'exit 130' INT TERM

# A port that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# Runs a command as the user postgres when this is root: Postgres refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        "$@"
    fi
}

# Sets REDIS_PORT and REDIS_URL. The file is synced every second, nothing else is set.
start_redis() {
    REDIS_PORT=$(free_port)
    REDIS_URL=redis://127.0.0.1:$REDIS_PORT
    redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$folder" --save '' \
        --appendonly yes --appendfsync everysec >"$folder/redis.log" 2>&1 &
    pids+=($!)
    export REDIS_PORT REDIS_URL
    local try
    for try in $(seq 100); do
        redis-cli -p "$REDIS_PORT" ping >/dev/null 2>&1 && return
        sleep 0.1
    done
    cat "$folder/redis.log"
    return 1
}

# Sets postgres_url, which lacks the name of the database. Settings are those of the package, every commit is synced, but
# for what postgres_options says.
start_postgres() {
    postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$postgres_bin" ] || postgres_bin=$(dirname "$(command -v initdb)")
    local data=$folder/postgres port
    install -d -m 700 "$data"
    [ "$(id -u)" != 0 ] || chown postgres:postgres "$data"
    as_postgres "$postgres_bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
    port=$(free_port)
    as_postgres "$postgres_bin/pg_ctl" -D "$data" -w -l "$data/log" \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= ${postgres_options:-}" start >/dev/null
    postgres_data=$data
    postgres_url=postgres://postgres@127.0.0.1:$port
}

# Asks one question of the database server.
ask_postgres() {
    "$postgres_bin/psql" -XAtq "$postgres_url/postgres" -c "$1"
}

# Settings of every server that is measured.
export VEDETTE_SECRET_KEY=a-secret-of-this-benchmark-and-of-nothing-else
export VEDETTE_OWNER_KEY=sk_live_aKeyOfThisBenchmarkAndOfNothingElse
export VEDETTE_LOG=warn

# Starts a command, whose output goes to a log of that name, and waits until somebody listens on the port, if one is given.
start() {
    local name=$1 port=$2
    shift 2
    "$@" >"$folder/$name.log" 2>&1 &
    pids+=($!)
    [ -z "$port" ] || until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "${pids[-1]}" 2>/dev/null || { cat "$folder/$name.log"; return 1; }
        sleep 0.1
    done
}

# Starts everything in one process with SQLite on a port.
start_up() {
    start up "$1" env -u REDIS_URL -u DATABASE_URL "$programs/vedette" up --listen "127.0.0.1:$1" --data "$folder/data"
}

# Makes the tables for the processes that follow.
make_tables() {
    export DATABASE_URL=$postgres_url/vedette
    ask_postgres "CREATE DATABASE vedette"
    "$programs/vedette" migrate >/dev/null
}

# Starts an api process on a port.
start_api() {
    start "api-$1" "$1" env VEDETTE_LISTEN="127.0.0.1:$1" "$programs/vedette-api"
}

describe_machine() {
    local cpu
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    echo "machine: $(nproc) processors ($cpu), $(uname -sr), $(stat -f -c %T "$folder") in $(dirname "$folder")," \
        "load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%F)"
}

describe_servers() {
    echo "Redis $(redis-cli -p "$REDIS_PORT" info server | sed -n 's/^redis_version:\([^\r]*\).*/\1/p'):" \
        "appendonly $(redis-cli -p "$REDIS_PORT" config get appendonly | tail -1)," \
        "appendfsync $(redis-cli -p "$REDIS_PORT" config get appendfsync | tail -1)"
    echo "Postgres $(ask_postgres 'SHOW server_version'): fsync $(ask_postgres 'SHOW fsync')," \
        "synchronous_commit $(ask_postgres 'SHOW synchronous_commit')," \
        "full_page_writes $(ask_postgres 'SHOW full_page_writes')," \
        "shared_buffers $(ask_postgres 'SHOW shared_buffers')"
}
