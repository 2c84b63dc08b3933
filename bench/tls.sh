#!/usr/bin/env bash
# Compares looks at TLS servers with sslscan and `openssl s_client`: certificates of 500 sites, everything of 100, and
# 500 of which 25 hang.
#
#   bench/tls.sh [rounds]      default 3, interleaved; medians are compared
#
# Needs cargo, python3, nginx and openssl; sslscan is taken from the path. Each site has an address of its own in
# 127.80.0.0/16 and a certificate of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
command -v sslscan >/dev/null || { echo "sslscan: skipped: not installed"; exit 0; }
cargo build --quiet --release -p tlscheck --example look
exec python3 bench/tls.py --rounds "$rounds" --ours "${CARGO_TARGET_DIR:-target}/release/examples/look"
