"""Measures whole scans beside the engine alone; started by whole-path.sh."""

import argparse
import os
import statistics
import subprocess
import sys
import time

from server import scan, wait_for

HOST, PORTS = "127.0.0.1", "1-65535"
BAR = 1.5


def engine_alone(engine):
    started = time.monotonic()
    subprocess.run([engine, HOST, PORTS], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def whole(address):
    """Seconds from before the POST until `complete` was read."""
    _, complete, took = scan(address, {"target": HOST, "ports": PORTS})
    scanned = complete["summary"]["total_ports_scanned"]
    assert (complete["status"], scanned) == ("completed", 65_535), complete
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--server", action="append", required=True, help="NAME=ADDRESS:PORT")
    arguments = parser.parse_args()
    servers = dict(server.split("=") for server in arguments.server)
    walls = {name: [] for name in ("the engine alone", *servers)}
    for address in servers.values():
        wait_for(address)
        whole(address)
    for _ in range(arguments.rounds):
        walls["the engine alone"].append(engine_alone(arguments.engine))
        for name, address in servers.items():
            walls[name].append(whole(address))
    print(f"65,535 ports of {HOST} by connections, {arguments.rounds} rounds, load {os.getloadavg()[0]:.2f}")
    alone = statistics.median(walls["the engine alone"])
    met = True
    for name, measured in walls.items():
        median = statistics.median(measured)
        spread = f"{min(measured):.2f}-{max(measured):.2f}"
        print(f"{name:32}{median:8.2f} s {spread:>12}{median / alone:8.2f} times the engine")
        met &= median <= BAR * alone
    print(f"bar: at most {BAR} times the engine: {'met' if met else 'MISSED'}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
