#!/usr/bin/env python3
"""Starts a server with data that look like a night's work, for looking at the console and for the browser's tests.

    python3 Tests/Browser/demo.py .build/debug/nightshift FOLDER [--jobs 400]

Prints one line of JSON with the address and the admin's token once the data are there, and runs until it is told to stop.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib

RUN = '''
import json, os, random, sys, time
def say(**line): print(json.dumps(line), flush=True)
payload = json.load(sys.stdin)
context = json.load(open(os.environ["NIGHTSHIFT_CONTEXT"]))
kind = os.environ["NIGHTSHIFT_KIND"]
steps = payload.get("steps", 3)
print("taking up", kind, flush=True)
if payload.get("fails"):
    time.sleep(0.05)
    print(payload["fails"], file=sys.stderr)
    sys.exit(payload.get("exit", 65))
ask = payload.get("ask")
if ask:
    answer = context.get("checkpoints", {}).get(ask["key"])
    if not answer:
        for n in range(3):
            say(**{"$step": f"prepare {n + 1}", "result": {"rows": 1200 * (n + 1), "cursor": 9007199254740993}})
        print("line one of a longer word\\nline two: the question follows", flush=True)
        say(**{"$log": "asking for leave", "level": "notice"})
        say(**{"$checkpoint": ask})
        sys.exit(75)
for n in range(steps):
    say(**{"$progress": (n + 1) / steps, "message": f"part {n + 1} of {steps}"})
    print(f"part {n + 1}: {random.randrange(100, 9000)} rows, next cursor 0x{random.randrange(16**8):08x}", flush=True)
    if n % 7 == 3: say(**{"$log": f"the source answered slowly, {random.randrange(2, 9)} s", "level": "warning"})
    time.sleep(payload.get("pause", 0.02))
if payload.get("artifact"):
    path = os.path.join(os.environ["TMPDIR"], "chart.png")
    open(path, "wb").write(bytes.fromhex(payload["artifact"]))
    say(**{"$artifact": path, "type": "image/png"})
    path = os.path.join(os.environ["TMPDIR"], "rows.csv")
    open(path, "w").write("id,rows\\n1,200\\n2,350\\n")
    say(**{"$artifact": path, "type": "text/csv"})
say(rows=random.randrange(10**6), invoice=9007199254740993, ok=True)
'''

# As long as names may be, and without a place to break: pages have to hold them.
LONG = "nightly-" + "reconciliation-of-very-long-names-" * 2 + "end"

KINDS = {
    "send-invoice": ("billing", "Sends an invoice to a customer", {
        "type": "object", "required": ["customer", "amount"],
        "properties": {
            "customer": {"type": "string", "minLength": 1, "description": "The customer's number"},
            "amount": {"type": "number", "minimum": 0, "description": "In euros"},
            "currency": {"enum": ["EUR", "USD", "CHF"]},
            "express": {"type": "boolean"},
            "lines": {"type": "array", "items": {"type": "string"}},
            "note": {"type": "string"},
        },
    }),
    "import-orders": ("imports", "Fetches orders from the shops", None),
    "render-report": ("reports", "Draws the nightly report", None),
    "sync-crm": ("sync", "Carries customers over to the CRM", None),
    "reindex-search": ("search", "Builds the search index anew", None),
    "purge-cache": ("maintenance", "Drops what nobody reads any more", None),
    "agent-cleanup": ("agents", "An agent that tidies the old branches", None),
}

FAILURES = [
    ("sync-crm", "connection to crm.example.com:443 refused after {n} ms (request 7f3a{n:04d})"),
    ("sync-crm", "connection to crm.example.com:443 refused after {n} ms (request 7f3a{n:04d})"),
    ("import-orders", "shop 'nord-{n}' answered 502 Bad Gateway"),
    ("send-invoice", "customer {n} has no address of the type \"billing\""),
    ("render-report", "Traceback (most recent call last):\n  File \"report.py\", line 88\nKeyError: 'region-{n}'"),
]


def picture():
    """A small chart as PNG."""
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    width, height = 320, 160
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            bar = 20 + (x // 20 * 37) % 120
            rows += bytes((243, 181, 98) if height - y < bar and x % 20 < 15 else (23, 32, 54))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 9))
            + chunk(b"IEND", b"")).hex()


class Server:
    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        jobs = self.folder / "jobs"
        for kind, (queue, text, schema) in KINDS.items():
            home = jobs / kind
            home.mkdir(parents=True, exist_ok=True)
            (home / "run.py").write_text(RUN)
            lines = [f"description: {text}", "command: [python3, run.py]", f"queue: {queue}", "maxAttempts: 2",
                     "backoff: [1s]", "timeout: 10m"]
            if schema:
                lines.append("payload: " + json.dumps(schema))
            (home / "job.yaml").write_text("\n".join(lines) + "\n")
        log = open(self.folder / "server.log", "w")
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data", str(self.folder / "data"), "--jobs", str(jobs),
             "--concurrency", "6"],
            env={**os.environ, "NIGHTSHIFT_WORKER_GRACE_PERIOD": "1s"}, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        self.url, self.token = self.wait()

    def wait(self):
        place = self.folder / "data" / "server.json"
        token = self.folder / "data" / "admin-token"
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit((self.folder / "server.log").read_text())
            if place.exists() and token.exists():
                url = json.loads(place.read_text())["url"]
                try:
                    with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                        return url, token.read_text().strip()
                except OSError:
                    pass
            time.sleep(0.1)
        sys.exit("the server did not start within a minute")

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def questions():
    yield "send-invoice", {
        "key": "send", "title": "Send 3 reminders over 4,210.50 € to Hansen & Söhne?", "risk": "message",
        "body": "The invoices are 14 days overdue.\nThe last reminder went out on 3 November; nobody has answered.",
        "data": {"customer": "C-20418", "amount": 4210.5, "currency": "EUR", "express": False,
                 "lines": ["2026-0412", "2026-0437", "2026-0440"], "note": ""},
        "schema": KINDS["send-invoice"][2], "expires": "3h",
    }
    yield "agent-cleanup", {
        "key": "delete", "title": "Delete 12 branches that were merged months ago?", "risk": "irreversible",
        "body": "All of them are contained in main.",
        "data": {"repository": "shop/backend", "branches": [f"feature/{n}" for n in range(1201, 1213)], "dryRun": False},
        "reviewers": {"required": 2}, "expires": "10m",
    }
    yield "sync-crm", {
        "key": "spend", "title": "Buy 5,000 more API calls for 90 €?", "risk": "money",
        "data": {"calls": 5000, "price": {"amount": 90, "currency": "EUR"}, "account": 9007199254740993},
        "expires": "1d", "onExpiry": "escalate", "escalateTo": {"roles": ["operator"]},
    }
    yield "sync-crm", {
        "key": "long", "title": "Delete /srv/" + "a-very-long-path-without-a-break-" * 5 + "?", "risk": "irreversible",
        "data": {"path": "/srv/" + "a-very-long-path-without-a-break-" * 5}, "expires": "2d",
    }


def fill(server, count):
    random.seed(7)
    batch = []
    for n in range(count):
        kind = random.choice(["import-orders"] * 4 + ["render-report"] * 2 + ["reindex-search", "purge-cache"] * 2)
        batch.append({"kind": kind, "payload": {"steps": random.randrange(1, 4), "shop": f"nord-{n}"},
                      "tags": random.choice([[], ["nightly"], ["nightly", "eu"]])})
    for n in range(count // 8):
        kind, text = random.choice(FAILURES)
        batch.append({"kind": kind, "payload": {"customer": "C-1", "amount": 1, "fails": text.format(n=n + 10)}})
    server.call("POST", "/api/jobs/batch", {"jobs": batch})
    for kind, ask in questions():
        server.call("POST", "/api/jobs", {"kind": kind, "payload": {"customer": "C-1", "amount": 1, "ask": ask}})
    drawn = server.call("POST", "/api/jobs", {"kind": "render-report", "payload": {"steps": 5, "artifact": picture()}})
    for n in range(12):
        server.call("POST", "/api/jobs", {"kind": "reindex-search", "delay": f"{n + 2}h", "payload": {"shard": n}})
    workflow = server.call("POST", "/api/workflows", {"name": "nightly", "jobs": [
        {"ref": "fetch", "kind": "import-orders", "payload": {}},
        {"ref": "report", "kind": "render-report", "payload": {}, "dependsOn": ["fetch"]},
        {"ref": "index", "kind": "reindex-search", "payload": {}, "dependsOn": ["fetch"]},
        {"ref": "mail", "kind": "import-orders", "payload": {"pause": 5, "steps": 300}, "dependsOn": ["report", "index"]},
    ]})
    server.call("POST", "/api/schedules", {
        "name": "nightly-report", "expression": "30 2 * * *", "zone": "Europe/Berlin", "kind": "render-report",
        "payload": {}})
    for name, expression, kind in [
        ("hourly-import", "5 * * * *", "import-orders"), ("cache-sweep", "every 90s", "purge-cache"),
        ("reindex-weekdays", "15 6,18 * * 1-5", "reindex-search"), ("month-end", "0 0 L * *", "render-report"),
    ]:
        server.call("POST", "/api/schedules", {
            "name": name, "expression": expression, "zone": "America/New_York", "kind": kind, "payload": {},
            "description": "Carried over from the old server"})
    server.call("POST", "/api/schedules/month-end/disable")
    server.call("POST", "/api/schedules", {
        "name": LONG, "expression": "0 4 * * *", "zone": "UTC", "kind": "purge-cache", "payload": {}, "queue": LONG})
    server.call("PUT", f"/api/limits/{LONG}", {"queues": [LONG], "concurrency": 1})
    server.call("POST", "/api/jobs", {"kind": "purge-cache", "queue": LONG, "delay": "5h", "tags": [LONG]})
    long_workflow = server.call("POST", "/api/workflows", {"name": LONG, "jobs": [
        {"ref": LONG, "kind": "purge-cache", "delay": "5h"},
        {"ref": "after", "kind": "purge-cache", "dependsOn": [LONG]}]})
    server.call("PUT", "/api/limits/per-customer", {"queues": ["billing"], "by": "/customer", "concurrency": 2})
    server.call("PUT", "/api/limits/imports", {"kinds": ["import-orders"], "concurrency": 5, "rate": "2000/1m"})
    server.call("PUT", "/api/profile/thresholds/render-report", {"p95": "2s", "over": "10m"})
    server.call("POST", "/api/queues/maintenance/pause", {"reason": "The cache is being moved", "for": "6h"})
    long = server.call("POST", "/api/jobs", {"kind": "import-orders", "payload": {"steps": 4000, "pause": 0.5}})
    wait_for(server, count)
    # What comes after that opens it.
    server.call("PUT", "/api/breakers/crm", {"kinds": ["sync-crm"], "minimumCalls": 3, "openFor": "10m"})
    server.call("POST", "/api/jobs/batch", {"jobs": [
        {"kind": "sync-crm", "payload": {"fails": f"crm.example.com answered {500 + n}", "exit": 1}} for n in range(8)]})
    return {"picture": drawn["id"], "long": long["id"], "workflow": workflow["id"],
            "longWorkflow": long_workflow["id"]}


def wait_for(server, count):
    """Until the queue has been worked off, but for what is to wait."""
    for _ in range(1200):
        queues = server.call("GET", "/api/queues")["queues"]
        ready = sum(queue["counts"]["ready"] for queue in queues if queue["name"] not in ("maintenance",))
        waiting = server.call("GET", "/api/checkpoints")["checkpoints"]
        if ready == 0 and len(waiting) >= 4:
            return
        time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--jobs", type=int, default=300)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    server = Server(os.path.abspath(options.binary), os.path.abspath(options.folder))
    try:
        made = fill(server, options.jobs)
        print(json.dumps({"url": server.url, "token": server.token, "pid": server.process.pid, **made}), flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def ended(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, ended)
    main()
