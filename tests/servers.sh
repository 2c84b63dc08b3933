#!/usr/bin/env bash
# Starts real servers on one loopback address, on ports of their own, until standard input ends.
#
#   tests/servers.sh ADDRESS FOLDER     FOLDER holds unpacked packages, see tests/unpack.sh
#
# Prints a line for each that listens, `PORT PACKAGE VERSION`, then `ready`. The version is that of the package, without
# what Debian adds; a server that is not there, or does not start, has no line.
set -uo pipefail

address=$1
root=$(cd "$2" && pwd)
work=$(mktemp -d)
chmod 755 "$work"
pids=()
export LD_LIBRARY_PATH=$root/usr/lib/$(uname -m)-linux-gnu:$root/usr/lib
PATH=$root/usr/sbin:$root/usr/bin:$PATH:/usr/sbin

stop() {
    kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# Some servers refuse to be root. The command takes the place of this shell, so that it is what is ended: only for
# what runs in the background.
plainly() {
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    fi
    exec "$@"
}

version_of() {
    cat "$root/versions/$1" 2>/dev/null || dpkg-query -W -f '${Version}' "$1" 2>/dev/null
}

port=20000
listens() {
    (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null
}

# start PACKAGE COMMAND..: runs it, and says so once it listens on $port.
start() {
    local package=$1 version try
    shift
    version=$(version_of "$package") && command -v "$1" >/dev/null || [ "$1" = plainly ] || return 0
    "$@" >"$work/$package.log" 2>&1 </dev/null &
    pids+=($!)
    for try in $(seq 50); do
        if listens; then
            version=${version#*:}
            version=${version%-*}
            echo "$port $package ${version%[+~]*}"
            return
        fi
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "$package does not start: $(tail -n 1 "$work/$package.log")" >&2
}

# The next port, and a folder that anybody may write.
next() {
    port=$((port + 1))
    mkdir -m 777 -p "$work/$port"
    cd "$work/$port" || exit 1
}

next
ssh-keygen -q -t ed25519 -N '' -f key && chmod 644 key && { [ "$(id -u)" != 0 ] || chown 65534 key; } && chmod 600 key
start openssh-server plainly "$(command -v sshd)" -D -e -f /dev/null -h "$PWD/key" -p "$port" \
    -o "ListenAddress $address" -o 'PidFile none' -o 'UsePAM no'

next
dropbearkey -t ed25519 -f key >/dev/null 2>&1
start dropbear-bin dropbear -F -E -p "$address:$port" -r key -P pid

next
cat >conf <<CONF
daemon off; pid $PWD/pid; error_log $PWD/error; events {}
http { access_log off; client_body_temp_path $PWD/a; proxy_temp_path $PWD/b; fastcgi_temp_path $PWD/c;
  uwsgi_temp_path $PWD/d; scgi_temp_path $PWD/e; server { listen $address:$port; } }
CONF
start nginx-light nginx -c "$PWD/conf" -e "$PWD/error"

next
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab.test \
    -keyout key.pem -out cert.pem 2>/dev/null
sed "s|$address:$((port - 1))|$address:$port ssl; ssl_certificate $PWD/cert.pem; ssl_certificate_key $PWD/key.pem|; \
    s|$((port - 1))/|$port/|g" "../$((port - 1))/conf" >conf
start nginx-light nginx -c "$PWD/conf" -e "$PWD/error"

next
cat >conf <<CONF
ServerRoot $PWD
Listen $address:$port
PidFile $PWD/pid
ErrorLog $PWD/error
LoadModule mpm_event_module $root/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module $root/usr/lib/apache2/modules/mod_authz_core.so
ServerName lab.test
DocumentRoot $PWD
CONF
start apache2-bin plainly "$(command -v apache2)" -X -f "$PWD/conf"

next
printf 'server.document-root = "%s"\nserver.port = %s\nserver.bind = "%s"\n' "$PWD" "$port" "$address" >conf
start lighttpd lighttpd -D -f conf -m "$root/usr/lib/lighttpd"

next
printf 'defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\nlisten a\n bind %s:%s\n' \
    "$address" "$port" >conf
start haproxy haproxy -db -f conf

next
printf 'Port %s\nListen %s\nTimeout 10\nMaxClients 50\nLogFile "%s/log"\nPidFile "%s/pid"\n' \
    "$port" "$address" "$PWD" "$PWD" >conf
start tinyproxy-bin plainly "$(command -v tinyproxy)" -d -c "$PWD/conf"

next
start redis-server redis-server --bind "$address" --port "$port" --dir "$PWD" --save ''

next
start memcached plainly "$(command -v memcached)" -l "$address" -p "$port" -U 0

next
printf 'listener %s %s\nallow_anonymous true\nsys_interval 1\n' "$port" "$address" >conf
start mosquitto plainly "$(command -v mosquitto)" -c "$PWD/conf"

next
start nats-server nats-server -a "$address" -p "$port"

next
start beanstalkd plainly "$(command -v beanstalkd)" -l "$address" -p "$port"

next
printf '[Global]\nName = irc.lab.test\nInfo = lab\nListen = %s\nPorts = %s\nMotdPhrase = lab\n[Options]\nIdent = no\nDNS = no\nPAM = no\n' \
    "$address" "$port" >conf
start ngircd plainly "$(command -v ngircd)" -n -f "$PWD/conf"

next
mkdir empty
printf 'listen=YES\nbackground=NO\nlisten_address=%s\nlisten_port=%s\nanonymous_enable=YES\nftp_username=nobody\nsecure_chroot_dir=%s/empty\nrun_as_launching_user=YES\nseccomp_sandbox=NO\n' \
    "$address" "$port" "$PWD" >conf
start vsftpd vsftpd "$PWD/conf"

next
mkdir -m 755 own
cat >conf <<CONF
ServerName lab
ServerType standalone
DefaultAddress $address
SocketBindTight on
Port $port
PidFile $PWD/pid
ScoreboardFile $PWD/own/score
DelayTable none
UseReverseDNS off
User nobody
Group nogroup
CONF
start proftpd-core proftpd -n -q -c "$PWD/conf"

next
start pure-ftpd pure-ftpd -S "$address,$port" -E -g "$PWD/pid"

next
start dnsmasq-base dnsmasq -k -C /dev/null -p "$port" -a "$address" --bind-interfaces --no-resolv --pid-file= \
    --user="$(id -un)"

next
printf '[m]\npath = %s\nuse chroot = no\n' "$PWD" >conf
start rsync rsync --daemon --no-detach --config=conf --address="$address" --port="$port"

next
cat >conf <<CONF
include $root/etc/ldap/schema/core.schema
pidfile $PWD/pid
modulepath $root/usr/lib/ldap
database ldif
directory $PWD
suffix dc=lab
CONF
start slapd slapd -f conf -h "ldap://$address:$port" -d 0

echo ready
cat >/dev/null
