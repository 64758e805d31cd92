"""The API as a careful client uses it: every answer is one of accepted, refused, unknown."""

import http.client
import json

ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"


class Answer:
    def __init__(self, verdict, status=None, body=None):
        self.verdict = verdict
        self.status = status
        self.body = body or {}

    @property
    def ids(self):
        jobs = self.body.get("jobs", [self.body])
        return [job["id"] for job in jobs]


class Client:
    """One connection, used by one thread."""

    def __init__(self, port, token, timeout=15):
        self.port, self.token, self.timeout = port, token, timeout
        self._connection = None

    def enqueue(self, jobs, key=None):
        if len(jobs) == 1:
            return self.post("/api/jobs", jobs[0], key)
        return self.post("/api/jobs/batch", {"jobs": jobs}, key)

    def post(self, path, body, key=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection = self._connect()
        except OSError:
            # Nobody listens: the request was never sent.
            return Answer(REFUSED)
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(UNKNOWN)
        return self._verdict(answer.status, text)

    def _verdict(self, status, text):
        try:
            body = json.loads(text)
        except ValueError:
            return Answer(UNKNOWN, status)
        if status in (200, 201, 202):
            return Answer(ACCEPTED, status, body)
        # These two may have been stored, as the API's own words have it; all other errors say that nothing was.
        is_unknown = body.get("code") in ("store_unavailable", "stopping", "internal")
        return Answer(UNKNOWN if is_unknown else REFUSED, status, body)

    def _connect(self):
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            connection.connect()
            self._connection = connection
        return self._connection

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None
