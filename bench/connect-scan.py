"""Measures connect scans of 127.0.0.1 against each other; started by connect-scan.sh."""

import argparse
import os
import socket
import sys

from scanners import Tool, bars_met, ports, print_machine, print_table

HOST = "127.0.0.1"
LISTENERS = 100
BARS = {"nmap": 3.0, "rustscan": 10.0}


def tools(paths):
    everything = "1-65535"
    ours = os.path.abspath(paths.ours)
    yield Tool("ours", [ours, HOST, everything], ports(r"127\.0\.0\.1:(\d+) open"))
    yield Tool("ours, 1 thread", [ours, HOST, everything, "connect", "1"], ports(r"127\.0\.0\.1:(\d+) open"))
    if paths.nmap:
        flags = ["-sT", "-T5", "-n", "-Pn", "-p" + everything, "-oG", "-"]
        yield Tool("nmap", [paths.nmap, *flags, HOST], ports(r"(\d+)/open/tcp"))
    if paths.rustscan:
        flags = ["--no-config", "--no-banner", "--greppable", "--scripts", "none", "-r", everything]
        yield Tool("rustscan", [paths.rustscan, *flags, "-a", HOST], ports(r"-> \[([\d,]+)\]"))


def listening():
    """The ports on which anything listens that 127.0.0.1 reaches."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        with open(table) as lines:
            for fields in (line.split() for line in list(lines)[1:]):
                address, port = fields[1].rsplit(":", 1)
                reached = address in ("00000000", "0100007F") or set(address) == {"0"}
                if fields[3] == "0A" and reached:
                    ports.add(int(port, 16))
    return ports


def listen(count):
    """Listeners on fixed ports, below those that the kernel connects from."""
    sockets = []
    for number in range(count):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, 1100 + 313 * number))
        except OSError:
            continue
        listener.listen(4096)
        listener.setblocking(False)
        sockets.append(listener)
    return sockets


def drain(listeners):
    """Accepts what the last run left behind, so that no queue fills up."""
    for listener in listeners:
        try:
            while True:
                listener.accept()[0].close()
        except OSError:
            pass


def measure(tool, listeners):
    before = listening()
    found = tool.run()
    after = listening()
    tool.judge(found, before & after, before | after)
    drain(listeners)


def compare(paths, count):
    listeners = listen(count)
    measured = list(tools(paths))
    print(f"\n65,535 ports of {HOST}, {len(listening())} open, {paths.rounds} rounds, load {os.getloadavg()[0]:.2f}")
    for _ in range(paths.rounds):
        for tool in measured:
            measure(tool, listeners)
    for listener in listeners:
        listener.close()
    print_table(measured)
    return bars_met(measured, BARS) and measured[0].is_exact


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    for tool in ("ours", "nmap", "rustscan"):
        parser.add_argument("--" + tool, required=True)
    paths = parser.parse_args()
    print_machine()
    met = [compare(paths, count) for count in (0, LISTENERS)]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
