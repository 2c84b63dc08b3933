#!/usr/bin/env python3
"""Writes the list of logs anew: `logs.py LOG_LIST.JSON > logs.txt`, from a list for browsers (its version 3 format)."""

import json
import sys


def main(path):
    with open(path, encoding="utf-8") as file:
        known = json.load(file)
    print("# Logs of Certificate Transparency whose promises count: public facts, taken over from Google's list for")
    print(f"# browsers, version {known['version']}. `logs.py` beside this file writes it anew from a newer one.")
    print("made", known["log_list_timestamp"][:10])
    for operator in known["operators"]:
        for kind, field in (("rfc6962", "logs"), ("tiles", "tiled_logs")):
            for log in operator.get(field, []):
                state = next(iter(log.get("state", {"usable": None})))
                if state not in ("rejected", "pending"):
                    print(kind, log["key"], log.get("description", operator["name"]))


if __name__ == "__main__":
    main(sys.argv[1])
