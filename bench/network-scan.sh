#!/usr/bin/env bash
# Compares the SYN scan with nmap -sS, masscan and zmap: all 65,535 ports of one host on loopback, over a cable between
# network namespaces, and over a link of 20 ms that loses packets, there by connections with rustscan, too; a block of 256
# hosts; and a host that is silent.
#
#   bench/network-scan.sh [rounds]      default 5, interleaved; medians are compared; nmap is slow where packets are lost or
#                                   ports are silent, and measured there once
#
# Needs cargo, python3, iproute2, and a machine that allows network namespaces. nmap and masscan are taken from the path
# (Debian: apt install nmap masscan), rustscan as connect-scan.sh does, which builds it. zmap is taken from ZMAP or the
# path, and must be release 4 or newer, built from its source: those before know one port alone. Exits with 1 when a bar is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
cargo build --quiet --release -p portscan --example block -p link-emulator --example link
examples=${CARGO_TARGET_DIR:-target}/release/examples
zmap=${ZMAP:-$(command -v zmap || true)}
if [ -z "$zmap" ] || ! "$zmap" --help 2>&1 | grep -q -- --target-ports; then
    echo "zmap: skipped: not installed, or older than release 4"
    zmap=
fi
rustscan=$(command -v rustscan || echo "${RUSTSCAN_ROOT:-${TMPDIR:-/tmp}/connect-scan-rustscan}/bin/rustscan")
if [ ! -x "$rustscan" ]; then
    echo "rustscan: skipped: run bench/connect-scan.sh first, which builds it"
    rustscan=
fi
for tool in nmap masscan; do
    [ -n "$(command -v "$tool")" ] || echo "$tool: skipped: not installed"
done
# rustscan would otherwise choose a smaller batch than its default.
ulimit -n "$(ulimit -Hn)"
# Only root itself gets large buffers for packets; in a namespace of its own, anybody may scan.
rights=-rn
[ "$(id -u)" != 0 ] || rights=-n
if ! unshare "$rights" true 2>/dev/null; then
    echo "skipped: this machine allows no network namespaces"
    exit 1
fi
exec unshare "$rights" python3 bench/network-scan.py --rounds "$rounds" \
    --ours "$examples/block" --link "$examples/link" ${zmap:+--zmap "$zmap"} ${rustscan:+--rustscan "$rustscan"}
