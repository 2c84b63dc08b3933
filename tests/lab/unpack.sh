#!/usr/bin/env bash
# Unpacks servers for tests/lab/servers.sh beside the system, which keeps none of them: packages of Debian are downloaded
# with what they need, and nothing is installed or started.
#
#   tests/lab/unpack.sh FOLDER [short|full]     the set of servers.txt, short by default; full are all
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
set=${2:-short}
if [ -e "$1/complete" ] && [[ $(cat "$1/complete") == "$set" || $(cat "$1/complete") == full ]]; then
    exit 0
fi
command -v apt-get >/dev/null || { echo "no servers are unpacked: this is no Debian" >&2; exit 0; }
mkdir -p "$1/archives/partial" "$1/versions"
# apt takes a relative folder for one of its own.
folder=$(cd "$1" && pwd)
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
mapfile -t packages < <(awk -v set="$set" '!/^#/ && $2 != "-" && (set == "full" || $3 == set) { print $2 }' \
    "$here/servers.txt" | sort -u)

# One at a time, as some exclude each other. What is installed is taken from the system.
download() {
    local package failed=0
    for package in "${packages[@]}"; do
        apt-get install --download-only -y -qq --no-install-recommends -o Dir::Cache::archives="$folder/archives" \
            -o Debug::NoLocking=1 "$package" >"$folder/log" 2>&1 || {
            echo "$package cannot be had: $(tail -n 1 "$folder/log")" >&2
            failed=1
        }
    done
    return "$failed"
}

# The lists of packages may be old, or not there yet.
download 2>/dev/null || { "${as_root[@]}" apt-get update -qq && download; } || true
compgen -G "$folder/archives/*.deb" >/dev/null || { echo "no servers are unpacked: none can be had" >&2; exit 0; }
for archive in "$folder"/archives/*.deb; do
    dpkg -x "$archive" "$folder"
    dpkg-deb -f "$archive" Version >"$folder/versions/$(dpkg-deb -f "$archive" Package)"
done
echo "$set" >"$folder/complete"
