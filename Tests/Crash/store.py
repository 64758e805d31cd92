"""The store, read as it is and never written to."""

import csv
import io
import json
import re
import sqlite3
import subprocess

READY, RUNNING, SCHEDULED, WAITING, BLOCKED, COMPLETED, DEAD, CANCELLED = range(8)
STATES = ("ready", "running", "scheduled", "waiting", "blocked", "completed", "dead", "cancelled")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def job_number(payload):
    """The number that a job's payload carries, whichever its kind."""
    body = json.loads(payload)
    if "number" in body:
        return body["number"]
    match = re.search(r"/effect/(\d+)$", body.get("url", ""))
    return int(match.group(1)) if match else None


def job_id(text):
    """`job_…` as the integer in the store."""
    value = 0
    for character in text.removeprefix("job_"):
        value = value * 32 + ALPHABET.index(character.lower())
    return value


def job_text(value):
    """The integer in the store as `job_…`."""
    digits = ""
    for _ in range(13):
        value, digit = divmod(value, 32)
        digits = ALPHABET[digit] + digits
    return f"job_{digits.upper()}"


class Store:
    """What is asked of a store on either database; how, is the subclasses' own."""

    payload = "p.payload"

    def query(self, sql, *values):
        raise NotImplementedError

    def problems(self):
        """What the database itself finds wrong with its files."""
        raise NotImplementedError

    def workers(self):
        """The pids of the processes that are listed as alive."""
        return {pid for (pid,) in self.query("SELECT pid FROM nightshift_workers WHERE ended_at IS NULL")}

    def serves(self, pid):
        """Whether a process has said what it can run."""
        return pid in self.workers() and bool(self.query(
            """SELECT 1 FROM nightshift_workers w JOIN nightshift_kind_workers k ON k.worker = w.id
               WHERE w.pid = ? AND w.ended_at IS NULL""", pid))

    def in_flight(self, pid):
        """The jobs that a process has in hand: their attempts by id."""
        return dict(self.query(
            """SELECT j.id, j.attempt FROM nightshift_jobs j JOIN nightshift_workers w ON w.id = j.worker
               WHERE j.state = 1 AND w.pid = ? AND w.ended_at IS NULL""", pid))

    def states(self):
        counts = self.query("SELECT state, count(*) FROM nightshift_jobs GROUP BY state")
        return {STATES[state]: count for state, count in counts}

    def unfinished(self):
        return self.query("SELECT count(*) FROM nightshift_jobs WHERE state < 5")[0][0]

    def jobs(self):
        """All jobs: id, number, kind, state, attempt, failures, crashes, start of the last attempt."""
        rows = self.query(
            f"""SELECT j.id, {self.payload}, j.kind, j.state, j.attempt, j.failures, j.crashes, j.started_at
               FROM nightshift_jobs j LEFT JOIN nightshift_payloads p ON p.id = j.id ORDER BY j.id""")
        return [(row[0], job_number(row[1]) if row[1] else None) + row[2:] for row in rows]

    def starts(self):
        """When each attempt began, in seconds since 1970, by job and attempt."""
        starts = {
            (job, attempt): at / 1e6
            for job, attempt, at in self.query(
                "SELECT job, attempt, started_at FROM nightshift_attempts WHERE started_at IS NOT NULL")
        }
        for job, attempt, at in self.query(
                "SELECT id, attempt, started_at FROM nightshift_jobs WHERE started_at IS NOT NULL"):
            starts[job, attempt] = at / 1e6
        return starts


class SQLiteStore(Store):
    def __init__(self, path):
        self.path = path

    def query(self, sql, *values):
        # A read-only connection makes no checkpoint when it closes, so that the next start finds what the kill left.
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def problems(self):
        return [row[0] for row in self.query("PRAGMA integrity_check") if row[0] != "ok"]

    def workers(self):
        if not self.path.exists():
            return set()
        try:
            return super().workers()
        except sqlite3.OperationalError:
            return set()  # the tables are being made at this moment


class PostgresStore(Store):
    """Asked through `psql`, which every machine with PostgreSQL has."""

    payload = "convert_from(p.payload, 'UTF8')"

    def __init__(self, url):
        self.url = url

    def query(self, sql, *values):
        for value in values:
            sql = sql.replace("?", str(int(value)), 1)
        answer = subprocess.run(
            ["psql", "--no-psqlrc", "--csv", "--tuples-only", "--command", sql, self.url],
            check=True, capture_output=True, text=True, timeout=60)
        return [tuple(self._value(text) for text in row) for row in csv.reader(io.StringIO(answer.stdout))]

    @staticmethod
    def _value(text):
        if text == "":
            return None
        return int(text) if re.fullmatch(r"-?\d+", text) else text

    def problems(self):
        return []  # PostgreSQL's own recovery has run; the books are compared elsewhere

    def workers(self):
        try:
            return super().workers()
        except subprocess.CalledProcessError:
            return set()  # the tables are being made at this moment, or the server is not there
