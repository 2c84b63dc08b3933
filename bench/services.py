"""Asks real servers what they are, with ours and with nmap in turns, and holds the answers against their packages."""

import argparse
import statistics
import subprocess
import time
import xml.etree.ElementTree as xml

ADDRESS = "127.99.0.1"

# A word that the product must have, lower case, by package.
WORDS = {
    "openssh-server": "openssh", "dropbear-bin": "dropbear", "nginx-light": "nginx", "apache2-bin": "apache",
    "lighttpd": "lighttpd", "haproxy": "haproxy", "tinyproxy-bin": "tinyproxy", "redis-server": "redis",
    "memcached": "memcached", "mosquitto": "mosquitto", "nats-server": "nats", "beanstalkd": "beanstalk",
    "ngircd": "ngircd", "vsftpd": "vsftpd", "proftpd-core": "proftpd", "pure-ftpd": "pure-ftpd",
    "dnsmasq-base": "dnsmasq", "rsync": "rsync", "slapd": "openldap",
}


def started(folder):
    """The script that runs the servers, and what it runs: (port, package, version)."""
    script = subprocess.Popen(
        ["tests/servers.sh", ADDRESS, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    running = []
    for line in script.stdout:
        if line == "ready\n":
            break
        port, package, version = line.split()
        running.append((port, package, version))
    return script, running


def ours(program, ports):
    """By port: product and version."""
    addresses = [f"{ADDRESS}:{port}" for port in ports]
    output = subprocess.run([program, "lab.test", *addresses], capture_output=True, text=True, check=True).stdout
    rows = (line.split("\t") for line in output.splitlines())
    return {address.split(":")[1]: (product or service, version) for address, service, product, version, _ in rows}


def nmap(ports):
    """By port: product and version."""
    command = ["nmap", "-Pn", "-n", "-sT", "-sV", "-p", ",".join(ports), "-oX", "-", ADDRESS]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    said = {}
    for port in xml.fromstring(output).iter("port"):
        service = port.find("service")
        values = {} if service is None else service.attrib
        said[port.get("portid")] = (values.get("product", values.get("name", "")), values.get("version", ""))
    return said


def is_version(said, true):
    """The version of the package, perhaps with a word behind it."""
    return said.split(" ")[0] == true


def main():
    """Measures, prints the table and the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--ours", required=True)
    arguments = parser.parse_args()
    script, running = started(arguments.servers)
    try:
        ports = [port for port, _, _ in running]
        tools = {"ours": lambda: ours(arguments.ours, ports), "nmap": lambda: nmap(ports)}
        times, said = {name: [] for name in tools}, {}
        for _ in range(arguments.rounds):
            for name, ask in tools.items():
                began = time.monotonic()
                said[name] = ask()
                times[name].append(time.monotonic() - began)
    finally:
        script.stdin.close()
        script.wait()
    show(running, said, times)


def show(running, said, times):
    """Prints a line for each server, then how many were right, then the times."""
    right = {name: [0, 0] for name in said}
    print(f"{'package':16} {'version':10} {'ours':28} nmap")
    for port, package, version in running:
        cells = []
        for name, answers in said.items():
            product, told = answers.get(port, ("", ""))
            right[name][0] += WORDS[package] in product.lower()
            right[name][1] += is_version(told, version)
            cells.append(f"{product} {told}".strip() or "-")
        print(f"{package:16} {version:10} {cells[0]:28} {cells[1]}")
    for name, (products, versions) in right.items():
        median = statistics.median(times[name])
        print(f"{name}: product {products}/{len(running)}, version {versions}/{len(running)}, median {median:.2f} s")
    print(f"nmap takes {statistics.median(times['nmap']) / statistics.median(times['ours']):.1f} times as long")


main()
