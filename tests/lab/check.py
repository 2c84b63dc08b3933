"""Holds what the engine says of every server of the lab against servers.txt: check.py FOLDER PROGRAM."""

import sys
import time

import lab

# Fewer servers are no lab.
LEAST = 40


def right(server, row, said):
    """Whether all three are as they should be. Where no package is told of, neither is its version."""
    version = {"yes": said.version if server.version == "-" else server.version, "no": ""}.get(row.version, row.version)
    blank = {"-": ""}
    return said == (blank.get(row.service, row.service), blank.get(row.product, row.product), version)


def main():
    """Prints what is wrong; fails when anything is."""
    folder, program = sys.argv[1:]
    rows = lab.expected()
    script, running = lab.started(folder)
    try:
        began = time.monotonic()
        said = lab.ours(program, running)
        took = time.monotonic() - began
    finally:
        script.stdin.close()
        script.wait()
    names = {server.name for server in running}
    wrong = [server for server in running if not right(server, rows[server.name], said[server.protocol, server.port])]
    for server in wrong:
        print(f"{server.name}: {said[server.protocol, server.port]} where it is {rows[server.name]}, {server.version}")
    for name in sorted(rows.keys() - names):
        print(f"{name}: not there")
    print(f"{len(running) - len(wrong)} of {len(running)} ports of {len(names)} servers as expected, in {took:.1f} s")
    sys.exit(bool(wrong) or len(names) < LEAST)


main()
