#!/usr/bin/env python3
"""Fetches a page of the server that runs this job, and says what is on it.

It needs no token, since it asks only for the pages that have none: /healthz and /readyz.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

LIMIT = 1 << 20


def say(**line):
    print(json.dumps(line), flush=True)


def fetch(url):
    """The status, type and text of a page. A status that tells of a fault is an answer too."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read(LIMIT).decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get_content_type(), answer.read(LIMIT).decode()


def shape(value):
    """What a JSON value is made of, in a few words."""
    if isinstance(value, dict):
        return "an object of " + ", ".join(sorted(value)) if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def main():
    server = os.environ.get("NIGHTSHIFT_URL")
    if not server:
        print("there is no server: this job runs under `nightshift serve`", file=sys.stderr)
        return 69
    path = json.load(sys.stdin).get("path", "/readyz")

    say(**{"$progress": 0.2, "message": f"fetching {path}"})
    start = time.monotonic()
    status, kind, text = fetch(server + path)
    milliseconds = round((time.monotonic() - start) * 1000, 1)

    say(**{"$progress": 0.8, "message": "summarising"})
    summary = {"path": path, "status": status, "type": kind, "bytes": len(text.encode()), "milliseconds": milliseconds}
    if kind.endswith("json"):
        page = json.loads(text)
        summary["shape"] = shape(page)
        if isinstance(page, dict):
            summary["values"] = {name: value for name, value in page.items() if not isinstance(value, (dict, list))}
    else:
        summary["words"] = len(text.split())
        summary["begins"] = text[:80]
    say(**{"$progress": 1, "message": f"{path} answered with {status}"})
    say(**summary)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except urllib.error.URLError as error:
        # Perhaps the server is just starting: any exit code below 64 is tried again.
        print(f"the server cannot be reached: {error.reason}", file=sys.stderr)
        sys.exit(1)
