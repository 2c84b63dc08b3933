"""Speaks to a running server; used by whole-path.py and scale.py."""

import http.client
import json
import os
import time


def call(address, method, path, body=None):
    connection = http.client.HTTPConnection(address, timeout=120)
    headers = {"Authorization": "Bearer " + os.environ["VEDETTE_OWNER_KEY"], "Content-Type": "application/json"}
    connection.request(method, path, body and json.dumps(body), headers)
    return connection.getresponse()


def scan(address, body):
    """Orders a scan; its id, what `complete` told, and the seconds from before the POST until that was read."""
    started = time.monotonic()
    created = json.load(call(address, "POST", "/api/v1/scans", body))
    assert created["success"], created
    scan_id = created["data"]["scan_id"]
    name = None
    for line in call(address, "GET", f"/api/v1/scans/{scan_id}/stream"):
        if line.startswith(b"event:"):
            name = line.split(b":")[1].strip()
        elif line.startswith(b"data:") and name == b"complete":
            return scan_id, json.loads(line[5:]), time.monotonic() - started
    raise RuntimeError("the stream ended before the scan")


def health(address):
    """The parts of the server as it sees them; none while it does not answer."""
    try:
        answer = call(address, "GET", "/api/v1/health")
        return json.load(answer)["data"]["components"] if answer.status == 200 else None
    except OSError:
        return None


def wait_for(address, ready=lambda components: True):
    """Waits until the server answers and its parts are `ready`."""
    for _ in range(200):
        components = health(address)
        if components and ready(components):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{address} does not get ready")
