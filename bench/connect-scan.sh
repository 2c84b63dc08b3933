#!/usr/bin/env bash
# Compares the connect scan with nmap and rustscan: all 65,535 ports of 127.0.0.1, without and with 100 listeners.
#
#   bench/connect-scan.sh [rounds]      default 5, interleaved; medians are compared
#
# Needs cargo and python3. nmap is taken from the path (Debian: apt install nmap). rustscan is taken from the path, or
# built from crates.io into RUSTSCAN_ROOT (default: a folder for temporary files, kept for the next time).
# Where the machine allows it, all of it runs in an empty network namespace, so that nobody else's ports are counted.
# Exits with 1 when a bar is missed: a wrong port, or not 3 times as fast as nmap, or not 10 times as rustscan.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-5}
rustscan_root=${RUSTSCAN_ROOT:-${TMPDIR:-/tmp}/connect-scan-rustscan}

cargo build --quiet --release -p portscan --example scan
ours=${CARGO_TARGET_DIR:-target}/release/examples/scan

nmap=$(command -v nmap || true)
[ -n "$nmap" ] || echo "nmap: skipped: not installed"

rustscan=$(command -v rustscan || true)
if [ -z "$rustscan" ]; then
    rustscan=$rustscan_root/bin/rustscan
    mkdir -p "$rustscan_root"
    if [ ! -x "$rustscan" ] && ! CARGO_TARGET_DIR=$rustscan_root/target \
        cargo install --quiet --root "$rustscan_root" rustscan >"$rustscan_root/log" 2>&1; then
        echo "rustscan: skipped: it does not build, see $rustscan_root/log"
        rustscan=
    fi
fi

# rustscan would otherwise choose a smaller batch than its default.
ulimit -n "$(ulimit -Hn)"

measure=(python3 bench/connect-scan.py --rounds "$rounds" --ours "$ours" --nmap "$nmap" --rustscan "$rustscan")
if unshare -rn sh -c 'ip link set lo up' 2>/dev/null; then
    exec unshare -rn sh -c 'ip link set lo up && exec "$@"' sh "${measure[@]}"
fi
echo "no network namespace: ports of other programs count as well"
exec "${measure[@]}"
