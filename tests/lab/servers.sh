#!/usr/bin/env bash
# Starts the servers of the lab on one loopback address, until standard input ends.
#
#   tests/lab/servers.sh ADDRESS FOLDER [NAME..]
#
# FOLDER holds unpacked packages, see tests/lab/unpack.sh; NAMEs of servers.txt begin only those. Prints a line for each
# that listens, `NAME PROTOCOL PORT VERSION`, then `ready`. The version is that of the package, without what Debian adds; a
# server that is not there, or does not start, has no line.
set -uo pipefail
# A process group for each server: some end theirs when they end.
set -m

here=$(cd "$(dirname "$0")" && pwd)
address=$1
root=$(cd "$2" && pwd)
wanted=" ${*:3} "
work=$(mktemp -d)
chmod 755 "$work"
libraries=$root/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$libraries:$root/usr/lib:$root/lib/$(uname -m)-linux-gnu:$libraries/samba:$libraries/nss
PATH=$root/usr/sbin:$root/usr/bin:$root/bin:$root/sbin:$PATH:/usr/sbin

# Only what still runs, with its children: the number of a server that has ended may be somebody else's by now. Some take
# no hint.
stop() {
    local signal try running
    for signal in TERM KILL; do
        for try in $(seq 30); do
            mapfile -t running < <(jobs -pr)
            [ "${#running[@]}" -gt 0 ] || break 2
            [ "$try" -gt 1 ] || kill -s "$signal" -- "${running[@]/#/-}" 2>/dev/null
            sleep 0.1
        done
    done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# Some servers refuse to be root. The command takes the place of this shell, so that it is what is ended: only for
# what runs in the background.
plainly() {
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+net_bind_service \
            --ambient-caps=+net_bind_service "$@"
    fi
    exec "$@"
}

# Some are only at home where they are installed: these see /usr and /etc as if their packages were, in a mount namespace
# that ends with them. Needs root; they do not start without. As plainly, only for what runs in the background.
installed() {
    # shellcheck disable=SC2016 # it is the inner shell's
    exec unshare --mount sh -c '
        mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr &&
        mount -t overlay overlay -o "lowerdir=$1:$0/etc:/etc" /etc &&
        for folder in /run /var/spool /var/lib; do mount -t tmpfs tmpfs "$folder" || exit; done && shift && exec "$@"' "$root" "$work/etc" "$@"
}

# The version of a package, without an epoch and what Debian adds.
version_of() {
    local version
    version=$(cat "$root/versions/$1" 2>/dev/null || dpkg-query -W -f '${Version}' "$1" 2>/dev/null)
    version=${version#*:}
    version=${version%-*}
    echo "${version%%[+~]*}"
}

# begin NAME [PORT]: the folder, the version and the port of a server; fails where it is not wanted or not there. Ports that
# only root may take are others for all else.
odd=20000
begin() {
    name=$1
    port=${2:-$((odd += 1))}
    [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || return
    package=$(awk -v name="$name" '$1 == name { print $2 }' "$here/servers.txt")
    version=$(version_of "$package")
    [ -n "$version" ] || [ "$package" = - ] || return
    [ "$port" -ge 1024 ] || [ "$(id -u)" = 0 ] || port=$((port + 21000))
    mkdir -m 777 -p "$work/$name"
    cd "$work/$name" || exit 1
}

# start COMMAND..: runs the server that was begun, which $protocols says to listen on what.
protocols=tcp
pending=()
start() {
    "$@" >"$work/$name/output.log" 2>&1 </dev/null &
    expect "$name" "$port"
}

# expect NAME PORT: the server that was started last is to listen there.
expect() {
    local protocol
    for protocol in $protocols; do
        pending+=("$1 $protocol $2 ${version:--} $!")
    done
    protocols=tcp
}

# Tells of every server that listens by now, and keeps the others. No connection is made, which would have to be served.
announce() {
    local entry name protocol port version pid octets line left=()
    local -A table=([tcp]=$(</proc/net/tcp) [udp]=$(</proc/net/udp)) state=([tcp]=0A [udp]=07)
    IFS=. read -ra octets <<<"$address"
    for entry in "${pending[@]}"; do
        read -r name protocol port version pid <<<"$entry"
        printf -v line ' %02X%02X%02X%02X:%04X 00000000:0000 %s' "${octets[3]}" "${octets[2]}" "${octets[1]}" \
            "${octets[0]}" "$port" "${state[$protocol]}"
        if [[ ${table[$protocol]} == *"$line"* ]]; then
            echo "$name $protocol $port $version"
        else
            left+=("$entry")
        fi
    done
    pending=("${left[@]}")
}

# A certificate for all that speak TLS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab.test \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cat "$work/key.pem" "$work/cert.pem" >"$work/both.pem"
chmod 644 "$work"/*.pem

# Users that packages would make.
mkdir "$work/etc"
for user in Debian-exim dovecot dovenull opensmtpd opensmtpq xrdp; do
    echo "$user:x:65534:65534::/nonexistent:/bin/false"
done | cat /etc/passwd - >"$work/etc/passwd"
printf '%s:x:65534:\n' Debian-exim opensmtpd opensmtpq | cat /etc/group - >"$work/etc/group"

# Some listen only where an interface has the address, which can be given in a network namespace of our own.
if [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/1/ns/net)" ]; then
    ip address add "$address/8" dev lo
fi

for family in "$here"/servers/*.sh; do
    # shellcheck source=/dev/null
    source "$family"
done
for try in $(seq 60); do
    announce
    [ "${#pending[@]}" -gt 0 ] || break
    sleep 0.25
done
for entry in "${pending[@]}"; do
    read -r name _ <<<"$entry"
    echo "$name does not start: $(tail -qn 2 "$work/$name"/*log* 2>/dev/null | tail -n 2 | cut -c 1-300)" >&2
done
echo ready
cat >/dev/null
