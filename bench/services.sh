#!/usr/bin/env bash
# Compares what is said of real servers with `nmap -sV`: product, version, and time.
#
#   bench/services.sh [rounds]      default 3, interleaved; medians are compared
#
# Needs cargo and python3; nmap is taken from the path. The servers are Debian's, unpacked beside the system
# (tests/unpack.sh), on one loopback address.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
servers=${CARGO_TARGET_DIR:-target}/test-servers
command -v nmap >/dev/null || { echo "nmap: skipped: not installed"; exit 0; }
tests/unpack.sh "$servers"
cargo build --quiet --release -p services --example identify
exec python3 bench/services.py --rounds "$rounds" --servers "$servers" \
    --ours "${CARGO_TARGET_DIR:-target}/release/examples/identify"
