"""Measures SYN scans against each other; started by syn-scan.sh in a network namespace of its own."""

import argparse
import os
import shutil
import subprocess
import sys

from scanners import Tool, bars_met, print_machine, print_table

PORTS = "1-65535"
LISTEN = """
import socket, sys, time
listeners = [socket.create_server(("0.0.0.0", int(port)), backlog=4096) for port in sys.argv[1:]]
print("listening", flush=True)
time.sleep(100_000)
"""
FAR_HOST = "198.18.0.2"
NEAR = ["link set near0 up", "addr add 198.18.0.1/24 dev near0"]
FAR = ["link set lo up", "link set far0 up", f"addr add {FAR_HOST}/24 dev far0"]
# The kernel's table of its own addresses comes after the rules that drop.
SILENCE = [
    "rule add pref 100 lookup local",
    "rule del pref 0",
    "rule add pref 1 iif far0 ipproto tcp dport 1000-1009 lookup local",
    "rule add pref 2 iif far0 ipproto tcp blackhole",
]
MANY = [1100 + 313 * number for number in range(100)]
FEW = list(range(1000, 1010))


def ip(lines, inside=()):
    for line in lines:
        subprocess.run([*inside, "ip", *line.split()], check=True)


def listen(ports, inside=()):
    command = [*inside, sys.executable, "-c", LISTEN, *map(str, ports)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "listening\n"
    return process


def tools(ours, host, router_mac):
    yield Tool("ours", [os.path.abspath(ours), host, PORTS, "syn"], r":(\d+) open")
    if nmap := shutil.which("nmap"):
        yield Tool("nmap", [nmap, "-sS", "-T5", "-n", "-Pn", "-p" + PORTS, "-oG", "-", host], r"(\d+)/open/tcp")
    masscan = shutil.which("masscan")
    # It cannot scan loopback, and sends to a gateway, which on a cable is the other end.
    if masscan and router_mac:
        flags = ["-e", "near0", "--router-mac", router_mac, "--rate", "10000000", "--wait", "1"]
        yield Tool("masscan", [masscan, *flags, "-p" + PORTS, host], r"open port (\d+)/tcp")


def compare(title, measured, truth, rounds, bars):
    print(f"\n{title}, {rounds} rounds, load {os.getloadavg()[0]:.2f}")
    for _ in range(rounds):
        for tool in measured:
            found = tool.run()
            tool.missed = max(tool.missed, len(truth - found))
            tool.false = max(tool.false, len(found - truth))
    print_table(measured)
    return bars_met(measured, bars)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--ours", required=True)
    arguments = parser.parse_args()
    print_machine()
    ip(["link set lo up"])
    far = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo here; exec sleep 100000"], stdout=subprocess.PIPE)
    far.stdout.readline()
    inside = ["nsenter", "-t", str(far.pid), "-n"]
    ip([f"link add near0 type veth peer name far0 netns {far.pid}", *NEAR])
    ip(FAR, inside)
    link = subprocess.run([*inside, "ip", "-o", "link", "show", "far0"], capture_output=True, text=True, check=True)
    mac = link.stdout.split("link/ether ")[1].split()[0]
    processes = [far, listen(MANY)]
    try:
        rounds, bars = arguments.rounds, {"nmap": 1.5, "masscan": 5}
        measured = list(tools(arguments.ours, "127.0.0.1", None))
        met = compare("127.0.0.1, 100 open", measured, set(MANY), rounds, bars)
        processes.append(listen(MANY, inside))
        measured = list(tools(arguments.ours, FAR_HOST, mac))
        met &= compare("over a cable, 100 open", measured, set(MANY), rounds, bars)
        processes.append(listen(FEW, inside))
        ip(SILENCE, inside)
        measured = list(tools(arguments.ours, FAR_HOST, mac))
        met &= compare("over a cable, 10 open, the others silent", measured, set(FEW), 1, {"nmap": 15})
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
