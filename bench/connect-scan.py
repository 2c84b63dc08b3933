"""Measures connect scans of 127.0.0.1 against each other; started by connect-scan.sh."""

import argparse
import os
import platform
import re
import select
import socket
import statistics
import sys
import tempfile
import time

HOST = "127.0.0.1"
LISTENERS = 100
BARS = {"nmap": 3.0, "rustscan": 10.0}


class Tool:
    """A scanner: its command, and how it prints an open port."""

    def __init__(self, name, command, pattern):
        self.name, self.command, self.pattern = name, command, pattern
        self.walls, self.cpus, self.memories = [], [], []
        self.missed = self.false = 0

    def open_ports(self, text):
        found = re.findall(self.pattern, text)
        return {int(port) for part in found for port in part.split(",") if port.strip()}

    def run(self):
        """Runs it once; gives the open ports."""
        with tempfile.TemporaryFile("w+") as output:
            started = time.monotonic()
            pid = os.posix_spawn(
                self.command[0], self.command, os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)],
            )
            memory = peak_memory(pid)
            usage = os.wait4(pid, 0)[2]
            self.walls.append(time.monotonic() - started)
            output.seek(0)
            text = output.read()
        self.cpus.append(usage.ru_utime + usage.ru_stime)
        self.memories.append(memory)
        return self.open_ports(text)


def peak_memory(pid):
    """Waits for the end of a process; gives the most memory it was seen to hold, in MiB.

    The kernel's own count (ru_maxrss) is no use: it begins with the memory of this process.
    """
    peak = 0
    exited = select.poll()
    process = os.pidfd_open(pid)
    exited.register(process, select.POLLIN)
    while not exited.poll(10):
        with open(f"/proc/{pid}/status") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        peak = max(peak, int(found[1]) if found else 0)
    os.close(process)
    return peak / 1024


def tools(paths):
    everything = "1-65535"
    ours = os.path.abspath(paths.ours)
    yield Tool("ours", [ours, HOST, everything], r"127\.0\.0\.1:(\d+) open")
    yield Tool("ours, 1 thread", [ours, HOST, everything, "1"], r"127\.0\.0\.1:(\d+) open")
    if paths.nmap:
        flags = ["-sT", "-T5", "-n", "-Pn", "-p" + everything, "-oG", "-"]
        yield Tool("nmap", [paths.nmap, *flags, HOST], r"(\d+)/open/tcp")
    if paths.rustscan:
        flags = ["--no-config", "--no-banner", "--greppable", "--scripts", "none", "-r", everything]
        yield Tool("rustscan", [paths.rustscan, *flags, "-a", HOST], r"-> \[([\d,]+)\]")


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
    tool.missed = max(tool.missed, len((before & after) - found))
    tool.false = max(tool.false, len(found - (before | after)))
    drain(listeners)


def print_table(measured):
    print(f"{'':16}{'wall s':>8}{'min-max':>14}{'CPU s':>8}{'MiB':>8}{'missed/false':>14}{'ours is':>10}")
    ours = statistics.median(measured[0].walls)
    for tool in measured:
        wall, cpu = statistics.median(tool.walls), statistics.median(tool.cpus)
        spread = f"{min(tool.walls):.2f}-{max(tool.walls):.2f}"
        wrong = f"{tool.missed}/{tool.false}"
        memory = statistics.median(tool.memories)
        print(f"{tool.name:16}{wall:8.2f}{spread:>14}{cpu:8.2f}{memory:8.1f}{wrong:>14}{wall / ours:9.1f}x")


def bars_met(measured):
    ours = measured[0]
    met = ours.missed == 0 and ours.false == 0
    for tool in measured:
        bar = BARS.get(tool.name)
        if bar is None:
            continue
        ratio = statistics.median(tool.walls) / statistics.median(ours.walls)
        print(f"bar: {bar:.0f}x {tool.name}: {'met' if ratio >= bar else 'MISSED'} ({ratio:.1f}x)")
        met = met and ratio >= bar
    return met


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
    return bars_met(measured)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    for tool in ("ours", "nmap", "rustscan"):
        parser.add_argument("--" + tool, required=True)
    paths = parser.parse_args()
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"machine: {os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}, load {load}")
    met = [compare(paths, count) for count in (0, LISTENERS)]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
