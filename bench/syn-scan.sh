#!/usr/bin/env bash
# Compares the SYN scan with nmap -sS and masscan: all 65,535 ports of one host, on loopback and over a cable between
# network namespaces, where 100 are open and the others refuse, or 10 are open and the others are silent.
#
#   bench/syn-scan.sh [rounds]      default 5, interleaved; medians are compared; silence is measured in one round
#
# Needs cargo, python3, iproute2, and a machine that allows network namespaces. nmap and masscan are taken from the path
# (Debian: apt install nmap masscan). Exits with 1 when a bar is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
cargo build --quiet --release -p portscan --example scan
ours=${CARGO_TARGET_DIR:-target}/release/examples/scan
for tool in nmap masscan; do
    [ -n "$(command -v "$tool")" ] || echo "$tool: skipped: not installed"
done
if ! unshare -rn true 2>/dev/null; then
    echo "skipped: this machine allows no network namespaces"
    exit 1
fi
exec unshare -rn python3 bench/syn-scan.py --rounds "$rounds" --ours "$ours"
