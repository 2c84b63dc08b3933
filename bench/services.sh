#!/usr/bin/env bash
# Compares what is said of the servers of the lab with `nmap -sV`: product, version, and time.
#
#   bench/services.sh [rounds]      default 3, interleaved; medians are compared
#
# Needs cargo, python3 and root; nmap is taken from the path. The servers are Debian's, unpacked beside the system, in a
# network namespace of their own; see tests/lab/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
servers=${CARGO_TARGET_DIR:-target}/test-servers
command -v nmap >/dev/null || { echo "nmap: skipped: not installed"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "the servers of the lab: skipped: needs root"; exit 0; }
tests/lab/unpack.sh "$servers" full
cargo build --quiet --release -p services --example identify
exec tests/lab/alone.sh python3 bench/services.py --rounds "$rounds" --servers "$servers" \
    --ours "${CARGO_TARGET_DIR:-target}/release/examples/identify"
