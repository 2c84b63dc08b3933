"""Asks the servers of the lab what they are, with ours and with nmap in turns, and holds the answers against their
packages. Those that mean ill are left out: nmap reads an endless banner without an end."""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests/lab"))

import lab  # noqa: E402

# A word that the product must have, lower case, where that is not our name of it, or we have none.
WORDS = {
    "python": "http", "managesieve": "dovecot", "mumble": "mu", "snmpd": "net-snmp", "xrdp": "xrdp", "tigervnc": "vnc",
    "dante": "dante", "nbd": "nbd", "distcc": "distcc", "prosody": "prosody", "ircd-hybrid": "hybrid", "nrpe": "nrpe",
    "tftpd": "tftpd", "ntpsec": "ntp", "chrony": "chrony", "git": "git", "apache": "apache", "beanstalkd": "beanstalk",
    "openssl": "openssl", "nats": "nats", "transmission": "transmission", "mini-httpd": "mini_httpd", "h2o": "h2o",
    "exim": "exim", "subversion": "subversion", "bitlbee": "bitlbee", "inspircd": "inspircd", "munin": "munin",
}
# The most that 40 ports may take, in seconds.
LIMIT = 5


def nmap(running):
    """By protocol and port: service, product and version. UDP is asked apart, as it needs another scan."""
    said = {}
    for protocol, scan in (("tcp", "-sT"), ("udp", "-sU")):
        ports = ",".join(server.port for server in running if server.protocol == protocol)
        command = ["nmap", "-Pn", "-n", scan, "-sV", "-p", ports, "-oX", "-", lab.ADDRESS]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for port in xml.fromstring(output).iter("port"):
            service = port.find("service")
            values = {} if service is None else service.attrib
            words = (values.get(key, "") for key in ("name", "product", "version"))
            said[protocol, port.get("portid")] = lab.Said(*words)
    return said


def names(row, product):
    """Whether it is the product, under our name or another."""
    return WORDS.get(row.name, row.product.lower()) in product.lower()


def tells(row, server, said):
    """Whether the version is that of the package, or all that the service tells of it. A word may stand behind it, and
    nmap has some within the product."""
    true = {"yes": server.version, "no": server.version}.get(row.version, row.version)
    return said.version.split(" ")[0].split("-")[0] in (true, server.version) or server.version in said.product


def main():
    """Measures, prints the table, the figures and the bars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--ours", required=True)
    arguments = parser.parse_args()
    rows = lab.expected()
    script, running = lab.started(arguments.servers)
    # Those without a service of their own mean ill; those without a package have no version to hold against.
    running = [server for server in running if rows[server.name].package != "-"]
    running.sort(key=lambda server: (rows[server.name].set, server))
    try:
        tools = {"ours": lambda: lab.ours(arguments.ours, running), "nmap": lambda: nmap(running)}
        times, said = {name: [] for name in tools}, {}
        for _ in range(arguments.rounds):
            for name, ask in tools.items():
                began = time.monotonic()
                said[name] = ask()
                times[name].append(time.monotonic() - began)
    finally:
        script.stdin.close()
        script.wait()
    right = show(rows, running, said)
    medians = {name: statistics.median(times[name]) for name in tools}
    for name, median in medians.items():
        products, versions = right[name]
        print(f"{name}: product {products}/{len(running)}, version {versions}/{len(running)}, median {median:.2f} s")
    print(f"nmap takes {medians['nmap'] / medians['ours']:.1f} times as long")
    allowed = LIMIT * len(running) / 40
    met = medians["ours"] <= allowed and all(o >= n for o, n in zip(right["ours"], right["nmap"]))
    print(f"bars: at most {allowed:.1f} s, right at least as often as nmap: {'met' if met else 'missed'}")
    sys.exit(not met)


def show(rows, running, said):
    """Prints a line for each port, with what is wrong in brackets; how many products and versions were right."""
    right = {name: [0, 0] for name in said}
    print(f"{'set':6}{'server':17}{'port':11}{'version':10} {'ours':38} nmap")
    for server in running:
        row, cells = rows[server.name], []
        for name, answers in said.items():
            told = answers.get((server.protocol, server.port), lab.Said())
            known, exact = names(row, told.product), tells(row, server, told)
            right[name][0] += known
            right[name][1] += exact
            product = told.product or told.service or "-"
            version = told.version if exact or not told.version else f"({told.version})"
            cells.append(f"{product if known else f'({product})'} {version}".strip())
        port = f"{server.protocol} {server.port}"
        print(f"{row.set:6}{server.name:17}{port:11}{server.version:10} {cells[0]:38} {cells[1]}")
    return right


main()
