"""Measures one scan with one, two and three workers; started by scale.sh in a network namespace of its own."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from namespaces import Elsewhere, Here, join
from server import call, scan, wait_for

BLOCK, PORTS = "198.18.16.0/20", "1-100"
HOSTS, OPEN = 4096, [22, 80]
WORKERS = (1, 2, 3)
# Packets a second of each worker: the usual ones beyond loopback, and more than it can send.
RATES = {"10,000 packets a second each": None, "as fast as the machine can": 10_000_000}
TICKS = os.sysconf("SC_CLK_TCK")


class Workers:
    """So many worker processes."""

    def __init__(self, program, count, logs):
        self.processes = []
        for number in range(count):
            log = open(os.path.join(logs, f"worker-{number}.log"), "a")
            self.processes.append(subprocess.Popen([program], stdout=log, stderr=log))

    def cpu(self):
        """Seconds that each has used of the processors."""
        return [sum(map(int, fields(f"/proc/{process.pid}/stat")[13:15])) / TICKS for process in self.processes]

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def fields(path):
    """The words of a line of the kernel's; a program's name is one word in all that is started here."""
    with open(path) as lines:
        return lines.readline().split()


def busy():
    """Seconds that all processors together were not idle, and seconds in all."""
    ticks = [int(word) for word in fields("/proc/stat")[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICKS, sum(ticks) / TICKS


def check(api, scan_id, complete):
    """Whether every port was counted once, and the open ones are those that are."""
    summary = complete["summary"]
    counts = [summary[name] for name in ("total_ports_scanned", "open_ports", "closed_ports", "filtered_ports")]
    total, opened = HOSTS * 100, HOSTS * len(OPEN)
    results = json.load(call(api, "GET", f"/api/v1/scans/{scan_id}/results"))["data"]
    found = [(port["address"], port["port"]) for port in results["ports"]]
    truth = {(f"198.18.{16 + host // 256}.{host % 256}", port) for host in range(HOSTS) for port in OPEN}
    exact = counts == [total, opened, total - opened, 0] and len(found) == opened and set(found) == truth
    if not exact:
        print(f"NOT EXACT: {counts}, {len(found)} listed, {len(truth - set(found))} missed", results["warnings"])
    return exact


class Case:
    """A number of workers at a rate, and what was measured of it."""

    def __init__(self, workers, rate):
        self.workers, self.rate = workers, rate
        self.walls, self.cpus, self.shares, self.loads = [], [], [], []

    def measure(self, arguments):
        """One scan with fresh workers; whether it was exact."""
        workers = Workers(arguments.worker, self.workers, arguments.logs)
        try:
            wait_for(arguments.api, lambda parts: parts["worker"] == "healthy")
            time.sleep(1)
            before, (busy_before, all_before) = workers.cpu(), busy()
            options = {"rate": self.rate} if self.rate else {}
            body = {"target": BLOCK, "ports": PORTS, "options": options}
            scan_id, complete, took = scan(arguments.api, body)
            cpu = [after - then for then, after in zip(before, workers.cpu())]
            busy_after, all_after = busy()
        finally:
            workers.end()
        self.walls.append(took)
        self.cpus.append(sum(cpu))
        self.shares.append(min(cpu) / sum(cpu))
        self.loads.append((busy_after - busy_before) / (all_after - all_before))
        return check(arguments.api, scan_id, complete)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--logs", required=True)
    arguments = parser.parse_args()
    near, far = Here(), Elsewhere()
    exact = True
    try:
        join(near, far)
        near.ip(f"route add {BLOCK} via 198.18.0.2")
        far.ip(f"route add local {BLOCK} dev lo")
        far.listen(OPEN)
        wait_for(arguments.api)
        cases = {name: [Case(workers, rate) for workers in WORKERS] for name, rate in RATES.items()}
        for _ in range(arguments.rounds):
            for case in (case for several in cases.values() for case in several):
                exact &= case.measure(arguments)
    finally:
        far.end()
    for name, several in cases.items():
        print(f"\n{HOSTS} hosts x 100 ports, {name}, {arguments.rounds} rounds, load {os.getloadavg()[0]:.2f}")
        print(f"{'workers':8}{'wall s':>8}{'min-max':>16}{'times one':>11}{'CPU s':>8}{'least share':>13}{'machine busy':>14}")
        one = statistics.median(several[0].walls)
        for case in several:
            wall, cpu = statistics.median(case.walls), statistics.median(case.cpus)
            spread = f"{min(case.walls):.2f}-{max(case.walls):.2f}"
            share, load = statistics.median(case.shares), statistics.median(case.loads)
            print(f"{case.workers:<8}{wall:8.2f}{spread:>16}{one / wall:11.2f}{cpu:8.2f}{share:13.0%}{load:14.0%}")
    print(f"counts: {'exact' if exact else 'NOT EXACT'}")
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main()
