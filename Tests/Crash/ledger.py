"""What the jobs themselves say they did, apart from anything the store says."""

import http.server
import os
import socketserver
import threading
import time
from collections import Counter

# Bash alone, without a further process, so that a slow machine runs many. A killed process loses nothing that it has
# written, so the ledger needs no fsync: the kernel goes on. The beginning and the end are noted apart.
SCRIPT = r"""#!/bin/bash
read -r payload
[[ $payload =~ \"number\":([0-9]+) ]] || exit 64
number=${BASH_REMATCH[1]}
echo "begin $number $NIGHTSHIFT_ATTEMPT $EPOCHREALTIME" >>"$LEDGER"
if [[ $payload =~ \"pause\":([0-9.]+) ]]; then sleep "${BASH_REMATCH[1]}"; fi
echo "done $number $NIGHTSHIFT_ATTEMPT $EPOCHREALTIME" >>"$LEDGER"
"""

MANIFEST = """description: Notes its number in the ledger
command: [./run.sh]
timeout: 10m
environment:
  LEDGER: ~
"""


class Ledger:
    """A file that the script jobs append to, and a server that the `http` jobs call."""

    def __init__(self, folder):
        self.path = folder / "ledger.txt"
        self.path.touch()
        self.path.chmod(0o666)
        self.calls = Counter()
        self._lock = threading.Lock()
        self._gates = {}
        self._server = _EffectServer(("127.0.0.1", 0), _EffectHandler)
        self._server.ledger = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def url(self, number):
        return f"http://127.0.0.1:{self._server.server_address[1]}/effect/{number}"

    def hold(self, number):
        """Lets the call of this number wait until the returned event is set."""
        with self._lock:
            return self._gates.setdefault(number, threading.Event())

    def called(self, number):
        with self._lock:
            self.calls[number] += 1
            gate = self._gates.get(number)
        # Bounded, so that a forgotten gate cannot hang the test.
        if gate:
            gate.wait(120)

    def lines(self, word):
        """How often each number was written with this word (`begin` or `done`)."""
        counts = Counter()
        with open(self.path, encoding="utf-8") as file:
            for line in file:
                fields = line.split()
                if len(fields) == 4 and fields[0] == word:
                    counts[int(fields[1])] += 1
        return counts

    def begun(self):
        return self.lines("begin") + self.calls_copy()

    def effects(self):
        return self.lines("done") + self.calls_copy()

    def calls_copy(self):
        with self._lock:
            return Counter(self.calls)

    def size(self):
        """Roughly how many jobs have left a trace: cheap, for the driver's pace."""
        return os.path.getsize(self.path) // 60 + len(self.calls)

    def wait_for(self, number, count=1, seconds=60):
        """Waits until the number was begun so many times."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.begun()[number] >= count:
                return
            time.sleep(0.02)
        raise TimeoutError(f"job {number} was not begun {count} times within {seconds} s")


class _EffectServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    ledger = None

    def handle_error(self, request, client_address):
        """Silent: callers are killed in the middle of their calls, which is what these tests are about."""


class _EffectHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.ledger.called(int(self.path.rpartition("/")[2]))
        try:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            # The caller was killed while it waited, which is what these tests are about.
            self.close_connection = True

    def log_message(self, *_):
        """Silent."""
