"""Measures whole scans beside the engine alone; started by whole-path.sh."""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time

HOST, PORTS = "127.0.0.1", "1-65535"
BAR = 1.5


def engine_alone(engine):
    started = time.monotonic()
    subprocess.run([engine, HOST, PORTS], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def call(address, method, path, body=None):
    connection = http.client.HTTPConnection(address, timeout=60)
    headers = {"Authorization": "Bearer " + os.environ["VEDETTE_OWNER_KEY"], "Content-Type": "application/json"}
    connection.request(method, path, body and json.dumps(body), headers)
    return connection.getresponse()


def whole(address):
    """Seconds from before the POST until `complete` was read."""
    started = time.monotonic()
    created = call(address, "POST", "/api/v1/scans", {"target": HOST, "ports": PORTS})
    scan = json.load(created)["data"]["scan_id"]
    name = None
    for line in call(address, "GET", f"/api/v1/scans/{scan}/stream"):
        if line.startswith(b"event:"):
            name = line.split(b":")[1].strip()
        elif line.startswith(b"data:") and name == b"complete":
            took = time.monotonic() - started
            complete = json.loads(line[5:])
            scanned = complete["summary"]["total_ports_scanned"]
            assert (complete["status"], scanned) == ("completed", 65_535), complete
            return took
    raise RuntimeError("the stream ended before the scan")


def wait_for(address):
    for _ in range(200):
        try:
            if call(address, "GET", "/api/v1/health").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{address} does not get ready")


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
