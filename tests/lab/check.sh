#!/usr/bin/env bash
# Holds what is said of all servers of the lab against servers.txt, in a network namespace of its own.
#
#   tests/lab/check.sh
#
# Needs cargo, python3 and root.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" = 0 ] || { echo "the servers of the lab: skipped: needs root"; exit 0; }
servers=${CARGO_TARGET_DIR:-target}/test-servers
tests/lab/unpack.sh "$servers" full
cargo build --quiet --release -p services --example identify
exec tests/lab/alone.sh python3 tests/lab/check.py "$servers" "${CARGO_TARGET_DIR:-target}/release/examples/identify"
