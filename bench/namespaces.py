"""Network namespaces with listeners in them, joined by cables; used by network-scan.py, which runs in one itself."""

import subprocess
import sys

LISTEN = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
listeners = [socket.create_server(("0.0.0.0", int(port)), backlog=4096) for port in sys.argv[1:]]
print("ready", flush=True)
time.sleep(100_000)
"""


class Here:
    """The namespace of this process."""

    inside = ()

    def __init__(self):
        self.processes = []

    def ip(self, *lines):
        for line in lines:
            subprocess.run([*self.inside, "ip", *line.split()], check=True)

    def start(self, command):
        """Starts a program that says `ready` when it is."""
        process = subprocess.Popen([*self.inside, *command], stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        line = process.stdout.readline()
        assert line == "ready\n", f"{command[0]}: {line}"

    def listen(self, ports):
        """Listens on every address of the namespace."""
        self.start([sys.executable, "-c", LISTEN, *map(str, ports)])

    def end(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.processes.clear()


class Elsewhere(Here):
    """A new namespace."""

    def __init__(self):
        super().__init__()
        self.start(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 100000"])
        self.pid = self.processes[0].pid
        self.inside = ("nsenter", "-t", str(self.pid), "-n")
        self.ip("link set lo up")

    def mac(self, interface):
        command = [*self.inside, "ip", "-o", "link", "show", interface]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return shown.split("link/ether ")[1].split()[0]


def join(near, far):
    """A cable from `near0` here, 198.18.0.1, to `far0` there, 198.18.0.2, with the block 198.18.4.0/24 behind it."""
    near.ip(
        f"link add near0 type veth peer name far0 netns {far.pid}",
        "link set near0 up",
        "addr add 198.18.0.1/24 dev near0",
        "route add 198.18.4.0/24 via 198.18.0.2",
    )
    far.ip("link set far0 up", "addr add 198.18.0.2/24 dev far0", "route add local 198.18.4.0/24 dev lo")


def join_by_link(near, far, link, weather):
    """The same over a link that delays packets and loses some: `weather` is the delay in ms and the loss of 1000."""
    middle = Elsewhere()
    near.ip(
        f"link add near0 type veth peer name relay0 netns {middle.pid}",
        "link set near0 up",
        "addr add 198.18.1.1/24 dev near0",
        "route add 198.18.0.0/24 via 198.18.1.254",
    )
    far.ip(
        f"link add far0 type veth peer name relay1 netns {middle.pid}",
        "link set far0 up",
        "addr add 198.18.0.2/24 dev far0",
        "route add 198.18.1.0/24 via 198.18.0.254",
    )
    middle.start([link, *map(str, weather)])
    return middle
