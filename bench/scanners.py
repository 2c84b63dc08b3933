"""Runs scanners and compares them; used by connect-scan.py and syn-scan.py."""

import os
import platform
import re
import select
import statistics
import tempfile
import time


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
    """Says for each other tool whether ours, the first one, is as many times as fast; wrong ports miss every bar."""
    ours = measured[0]
    met = ours.missed == 0 and ours.false == 0
    for tool in measured:
        bar = bars.get(tool.name)
        if bar is None:
            continue
        ratio = statistics.median(tool.walls) / statistics.median(ours.walls)
        print(f"bar: {bar:g}x {tool.name}: {'met' if ratio >= bar else 'MISSED'} ({ratio:.1f}x)")
        met = met and ratio >= bar
    return met


def print_machine():
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"machine: {os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}, load {load}")
