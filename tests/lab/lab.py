"""The servers of the lab: what they should be called, how they are started, and what the engine says of them."""

import pathlib
import subprocess
from typing import NamedTuple

ADDRESS = "127.99.0.1"
HERE = pathlib.Path(__file__).resolve().parent


class Expected(NamedTuple):
    """A line of servers.txt: `version` is `yes` for that of the package, `no`, or all that the service tells of it."""

    name: str
    package: str
    set: str
    service: str
    version: str
    product: str


class Running(NamedTuple):
    """A server that listens."""

    name: str
    protocol: str
    port: str
    version: str

    @property
    def address(self):
        """As the example `identify` takes it."""
        return ("udp:" if self.protocol == "udp" else "") + f"{ADDRESS}:{self.port}"


class Said(NamedTuple):
    """What a tool says of a port; empty where it says nothing."""

    service: str = ""
    product: str = ""
    version: str = ""


def expected():
    """By name."""
    lines = (HERE / "servers.txt").read_text().splitlines()
    rows = [Expected(*line.split(None, 5)) for line in lines if not line.startswith("#")]
    return {row.name: row for row in rows}


def started(folder, names=()):
    """The script that runs the servers, and what it runs. It ends them when its input is closed."""
    script = subprocess.Popen(
        [HERE / "servers.sh", ADDRESS, folder, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    running = []
    for line in script.stdout:
        if line == "ready\n":
            break
        running.append(Running(*line.split()))
    return script, running


def ours(program, running):
    """What the engine says, by protocol and port."""
    addresses = [server.address for server in running]
    output = subprocess.run([program, "lab.test", *addresses], capture_output=True, text=True, check=True).stdout
    rows = (line.split("\t") for line in output.splitlines())
    said = {address: Said(*words) for address, *words, _ in rows}
    return {(server.protocol, server.port): said[server.address] for server in running}
