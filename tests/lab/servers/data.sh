# Databases, caches and queues of work.

if begin redis 6379; then
    start redis-server --bind "$address" --port "$port" --dir "$PWD" --save ''
fi

if begin redis-password; then
    start redis-server --bind "$address" --port "$port" --dir "$PWD" --save '' --requirepass secret
fi

if begin redis-tls; then
    start redis-server --bind "$address" --port 0 --tls-port "$port" --dir "$PWD" --save '' --tls-auth-clients no \
        --tls-cert-file "$work/cert.pem" --tls-key-file "$work/key.pem"
fi

if begin sentinel 26379; then
    printf 'bind %s\nport %s\nsentinel monitor lab %s 6379 1\n' "$address" "$port" "$address" >conf
    start redis-server "$PWD/conf" --sentinel
fi

if begin memcached 11211; then
    protocols="tcp udp" start plainly "$(command -v memcached)" -l "$address" -p "$port" -U "$port"
fi

if begin beanstalkd; then
    start plainly "$(command -v beanstalkd)" -l "$address" -p "$port"
fi

if begin postgresql 5432; then
    programs=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1)
    (plainly "$programs/initdb" -D "$PWD/data" -A trust -U lab >initdb.log 2>&1)
    cp "$work/cert.pem" "$work/key.pem" data && chmod 600 data/key.pem
    [ "$(id -u)" != 0 ] || chown 65534 data/*.pem
    start plainly "$programs/postgres" -D "$PWD/data" -h "$address" -p "$port" -k "$PWD" -c fsync=off -c ssl=on \
        -c ssl_cert_file=cert.pem -c ssl_key_file=key.pem
fi

if begin pgbouncer 6432; then
    printf '[databases]\n* = host=%s\n[pgbouncer]\nlisten_addr = %s\nlisten_port = %s\nauth_type = any\nunix_socket_dir =\n' \
        "$address" "$address" "$port" >conf
    start plainly "$(command -v pgbouncer)" "$PWD/conf"
fi

if begin mariadb 3306; then
    (plainly mysql_install_db --no-defaults --auth-root-authentication-method=normal --skip-test-db \
        --datadir="$PWD/data" >install.log 2>&1)
    start plainly "$(command -v mariadbd)" --no-defaults --datadir="$PWD/data" --bind-address="$address" --port="$port" \
        --socket="$PWD/socket" --pid-file="$PWD/pid" --ssl-cert="$work/cert.pem" --ssl-key="$work/key.pem" \
        --innodb-flush-log-at-trx-commit=0
fi

if begin tarantool 3301; then
    printf "box.cfg{listen='%s:%s', wal_mode='none', memtx_memory=33554432}\n" "$address" "$port" >conf.lua
    start plainly "$(command -v tarantool)" "$PWD/conf.lua"
fi
