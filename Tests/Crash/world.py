"""Where one scenario takes place: a folder of its own, a store, a ledger, and what was found wrong."""

import pathlib
import shutil
import subprocess
import tempfile
import time

from client import Client
from ledger import MANIFEST, SCRIPT, Ledger
from process import Nightshift, end_scripts
from store import PostgresStore, SQLiteStore


class World:
    def __init__(self, binary, worker_binary, name):
        self.binary = binary
        self.worker_binary = worker_binary
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"nightshift-{name}-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.jobs = self.folder / "jobs"
        self.add_script("effect", MANIFEST, SCRIPT)
        self.ledger = Ledger(self.folder)
        self.store = SQLiteStore(self.data / "nightshift.db")
        self.database_url = None
        self.violations = []
        self.notes = []
        self._mounts = []
        self.databases = []

    def add_script(self, kind, manifest, text):
        """A script job that all processes find which start from now on."""
        folder = self.jobs / kind
        folder.mkdir(parents=True)
        (folder / "job.yaml").write_text(manifest)
        script = folder / "run.sh"
        script.write_text(text)
        script.chmod(0o755)

    def use_postgres(self, url, asked_at=None):
        """Lets all processes from now on work on a PostgreSQL database; the checks may ask for it elsewhere."""
        self.database_url = url
        self.store = PostgresStore(asked_at or url)

    def process(self, *arguments, **options):
        return Nightshift(self, *arguments, **options)

    def client(self, server):
        return Client(server.port, self.token())

    def token(self):
        return (self.data / "admin-token").read_text().strip()

    def script_job(self, number, pause=None, **options):
        payload = {"number": number}
        if pause is not None:
            payload["pause"] = pause
        return {"kind": "effect", "payload": payload, **options}

    def http_job(self, number, **options):
        payload = {"url": self.ledger.url(number), "method": "POST", "timeout": "2m"}
        return {"kind": "http", "payload": payload, **options}

    def expect(self, is_true, violation):
        if not is_true:
            self.violations.append(violation)
        return is_true

    def note(self, text):
        self.notes.append(text)

    def wait_until(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return self.expect(False, f"within {seconds} s: {what}")

    def wait_until_idle(self, seconds=120):
        """Waits until every job is over."""
        is_idle = self.wait_until(lambda: self.store.unfinished() == 0, "every job is over", seconds)
        if not is_idle:
            self.note(f"states: {self.store.states()}")
        return is_idle

    def stop(self, *processes):
        for process in processes:
            status = process.stop()
            self.expect(status == 0, f"{process.name} was asked to stop and ended with status {status}")

    def mount_memory(self, folder, size):
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "nightshift-test", str(folder)], check=True)
        self._mounts.append(folder)

    def close(self, keep):
        end_scripts(self)
        self.ledger.close()
        # Those that were made last first: a pooler or a standby before what it depends on.
        for database in reversed(self.databases):
            database.stop()
        for folder in self._mounts:
            subprocess.run(["umount", str(folder)], check=False)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
