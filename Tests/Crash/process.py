"""Starting, freezing and killing our own processes, and nobody else's."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time

MARK = b"NIGHTSHIFT_ATTEMPT="
LEASE = 5.0
"""Seconds: short, so that a test need not wait long, and long enough for a disk that stalls for a moment."""

_running = []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end_all():
    """Kills what this program has started and not ended itself."""
    for process in list(_running):
        process.kill()


def scripts_of(world):
    """The scripts that run now for this world's jobs, also those whose server is gone: told by their environment."""
    mark = f"LEDGER={world.ledger.path}".encode()
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:
            continue  # not a process, or gone
        if mark in variables and any(variable.startswith(MARK) for variable in variables):
            found.append(int(entry))
    return found


def end_scripts(world):
    for pid in scripts_of(world):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # ended by itself meanwhile


class NotReady(Exception):
    """A process that did not start, with its last words."""


class Nightshift:
    """One `nightshift serve` or `nightshift worker` on the world's data folder."""

    def __init__(self, world, role="serve", name=None, port=None, environment=None, user=None, prefix=()):
        self.world = world
        self.role = role
        self.name = name or role
        self.port = port or (free_port() if role == "serve" else None)
        self.environment = environment or {}
        self.user = user
        self.prefix = list(prefix)
        self.process = None
        self.starts = 0
        self.log = world.folder / f"{self.name}.log"

    def command(self):
        command = [str(self.world.binary), self.role, "--data", str(self.world.data)]
        command += ["--jobs", str(self.world.jobs), "--log-level", "info"]
        if self.role == "serve":
            command += ["--listen", f"127.0.0.1:{self.port}"]
        return command

    def start(self):
        """Starts the process without waiting for it to be ready."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment["NIGHTSHIFT_WORKER_LEASE_DURATION"] = f"{LEASE:g}s"
        environment["NIGHTSHIFT_WORKER_NAME"] = self.name
        environment["NIGHTSHIFT_LOG_FORMAT"] = "logfmt"
        # Else Swift's own crash handler takes seconds, and a signal from outside does not end the process after it.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["LEDGER"] = str(self.world.ledger.path)
        if self.world.database_url:
            environment["DATABASE_URL"] = self.world.database_url
        environment.update(self.environment)
        command = self.prefix + self.command()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.world.folder,
                env=environment, user=self.user)
        _running.append(self)
        self.starts += 1
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def wait_until_ready(self, seconds=30):
        """Returns the moment at which it answered that it is ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_running:
                raise NotReady(f"{self.name} ended with status {self.process.returncode}:\n{self.last_words()}")
            if self._answers_ready():
                return time.time()
            time.sleep(0.005)
        raise NotReady(f"{self.name} was not ready after {seconds} s:\n{self.last_words()}")

    def _answers_ready(self):
        if self.role == "worker":
            return self.pid in self.world.store.workers()
        try:
            return self.get("/readyz", timeout=2)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path, timeout=10, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            body = answer.read()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return answer.status, json.loads(body) if is_json else body
        finally:
            connection.close()

    def last_words(self, lines=15):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join("    " + line for line in text.splitlines()[-lines:])

    def freeze(self):
        """Stops all its threads where they are; returns when they stand still."""
        os.kill(self.pid, signal.SIGSTOP)
        while True:
            with open(f"/proc/{self.pid}/stat", encoding="utf-8", errors="replace") as file:
                if file.read().rpartition(")")[2].split()[0] in "Tt":
                    return
            time.sleep(0.001)

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)

    def kill(self, number=signal.SIGKILL):
        if self.is_running:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                self.world.expect(False, f"{self.name} did not die of signal {number}")
        self._forget()

    def wait_for_death(self, seconds=60):
        """Waits until it has died by its own hand; returns its exit status."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.world.expect(False, f"{self.name} did not die within {seconds} s")
            self.kill()
            return None
        self._forget()
        return status

    def _forget(self):
        if self in _running:
            _running.remove(self)

    def stop(self, seconds=30):
        """Asks it to end, as an operator would; returns its exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return "did not end"
        _running.remove(self)
        return status


class CrashWorker(Nightshift):
    """One `crash-worker`, whose jobs are in Swift: the binary has none with steps."""

    def __init__(self, world, name="crash-worker"):
        super().__init__(world, "worker", name)

    def command(self):
        return [str(self.world.worker_binary), str(self.world.data)]

    def _answers_ready(self):
        # Listed is not enough: it may not have told its kind yet.
        return self.world.store.serves(self.pid)
