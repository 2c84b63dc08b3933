"""Runs scanners and compares them; used by connect-scan.py and network-scan.py."""

import os
import platform
import re
import select
import signal
import statistics
import tempfile
import time


class Tool:
    """A scanner: its command, and a function that reads the set of what is open from what it prints."""

    def __init__(self, name, command, read):
        self.name, self.command, self.read = name, command, read
        self.walls, self.cpus, self.memories = [], [], []
        # In the worst round, and in all of them.
        self.missed = self.false = self.all_missed = 0
        # Seconds after which it is ended.
        self.limit = None

    def judge(self, found, surely, perhaps):
        """Counts what was found wrong, where some are surely open and others perhaps."""
        missed = len(surely - found)
        self.all_missed += missed
        self.missed = max(self.missed, missed)
        self.false = max(self.false, len(found - perhaps))

    @property
    def is_exact(self):
        return self.missed == 0 and self.false == 0

    def run(self):
        with tempfile.TemporaryFile("w+") as output:
            started = time.monotonic()
            pid = os.posix_spawn(
                self.command[0], self.command, os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)],
            )
            memory = peak_memory(pid, self.limit)
            usage = os.wait4(pid, 0)[2]
            self.walls.append(time.monotonic() - started)
            output.seek(0)
            text = output.read()
        self.cpus.append(usage.ru_utime + usage.ru_stime)
        self.memories.append(memory)
        return self.read(text)


def ports(pattern):
    """Reads ports, alone or with commas between."""
    return lambda text: {int(port) for part in re.findall(pattern, text) for port in part.split(",") if port.strip()}


def pairs(pattern, swap=False):
    """Reads addresses with ports; with `swap`, ports with addresses."""
    def read(text):
        found = re.findall(pattern, text, re.MULTILINE)
        return {(second, int(first)) if swap else (first, int(second)) for first, second in found}
    return read


def grepable(text):
    """Reads addresses with ports from nmap's `-oG`."""
    lines = re.findall(r"^Host: ([\d.]+) .*?Ports: (.*)", text, re.MULTILINE)
    return {(host, int(port)) for host, line in lines for port in re.findall(r"(\d+)/open/tcp", line)}


def peak_memory(pid, limit):
    """Waits for the end of a process, which comes after `limit` seconds at the latest if there is one; gives the most
    memory it was seen to hold, in MiB.

    The kernel's own count (ru_maxrss) is no use: it begins with the memory of this process.
    """
    peak = 0
    exited = select.poll()
    process = os.pidfd_open(pid)
    exited.register(process, select.POLLIN)
    started = time.monotonic()
    while not exited.poll(10):
        if limit and time.monotonic() - started > limit:
            os.kill(pid, signal.SIGKILL)
            break
        with open(f"/proc/{pid}/status") as status:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
        peak = max(peak, int(found[1]) if found else 0)
    os.close(process)
    return peak / 1024


def compare(title, measured, truth, rounds):
    """Runs the tools in turns and prints the table; whether the first one was exact."""
    print(f"\n{title}, {rounds} rounds, load {os.getloadavg()[0]:.2f}")
    for _ in range(rounds):
        for tool in measured:
            tool.judge(tool.run(), truth, truth)
    print_table(measured)
    return measured[0].is_exact


def print_table(measured):
    """One line a tool: medians, and the worst that a round got wrong."""
    print(f"{'':16}{'wall s':>8}{'min-max':>14}{'CPU s':>8}{'MiB':>8}{'missed/false':>14}{'ours is':>10}")
    ours = statistics.median(measured[0].walls)
    for tool in measured:
        wall, cpu = statistics.median(tool.walls), statistics.median(tool.cpus)
        spread = f"{min(tool.walls):.2f}-{max(tool.walls):.2f}"
        wrong = f"{tool.missed}/{tool.false}"
        memory = statistics.median(tool.memories)
        print(f"{tool.name:16}{wall:8.2f}{spread:>14}{cpu:8.2f}{memory:8.1f}{wrong:>14}{wall / ours:9.1f}x")


def bars_met(measured, bars):
    """Says for each other tool whether ours, the first one, is as many times as fast."""
    ours, met = measured[0], True
    for tool in measured:
        bar = bars.get(tool.name)
        if bar is None:
            continue
        ratio = statistics.median(tool.walls) / statistics.median(ours.walls)
        print(f"bar: {bar:g}x {tool.name}: {'met' if ratio >= bar else 'MISSED'} ({ratio:.1f}x)")
        met = met and ratio >= bar
    return met


def most(tool, seconds):
    """Says whether a tool took no longer."""
    met = statistics.median(tool.walls) <= seconds
    print(f"bar: at most {seconds} s: {'met' if met else 'MISSED'}")
    return met


def print_machine():
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"machine: {os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}, load {load}")
