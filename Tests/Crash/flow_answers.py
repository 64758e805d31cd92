"""People and programs outside: they decide what is asked, and send the signals that jobs wait for."""

import http.client
import random
import threading
import time
from collections import Counter

from client import ACCEPTED
from store import job_id, job_number, job_text


class Answerer:
    def __init__(self, world, server, seed, early):
        self.world = world
        self.decided = Counter()
        """How often somebody was told that his decision counts, by checkpoint."""
        self.signals = Counter()
        self.early_sent = {}
        """The numbers of jobs to which a signal was sent, and is on disk, before they were seen to wait; by id."""
        self._server = server
        self._early = early
        self._rng = random.Random(f"{seed}/answers")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join(60)
        self.world.expect(not self._thread.is_alive(), "every answer ends within 60 s")

    def summary(self):
        return (f"{sum(self.decided.values())} decisions, {sum(self.signals.values())} signals, of which "
                f"{len(self.early_sent)} early")

    def _run(self):
        clients = [self.world.client(self._server) for _ in range(2)]
        while not self._stopping.is_set():
            try:
                self._send_early(clients[0])
                self._decide_all(clients)
                self._send_late(clients[0])
            except (OSError, http.client.HTTPException, ValueError):
                pass  # the server is dead at this moment, which is what these tests are about
            time.sleep(0.05)
        for client in clients:
            client.close()

    def _send_early(self, client):
        for number in list(self._early):
            told = self._early.pop(number)
            if self._rng.random() < 0.5 and self._send(client, told, number):
                self.early_sent[job_id(told)] = number

    def _send_late(self, client):
        rows = self.world.store.query(
            f"""SELECT w.job, {self.world.store.payload} FROM nightshift_waits w
               JOIN nightshift_payloads p ON p.id = w.job WHERE w.state = 0 AND w.type = 2 LIMIT 100""")
        for job, payload in rows:
            self.world.expect(
                job not in self.early_sent, f"job {job_number(payload)} waits for a signal that was sent before")
            self._send(client, job_text(job), job_number(payload))

    def _send(self, client, told, number):
        answer = client.post(f"/api/jobs/{told}/signals/go", {"payload": number})
        self.signals[number] += answer.verdict == ACCEPTED
        return answer.verdict == ACCEPTED

    def _decide_all(self, clients):
        status, body = self._server.get("/api/checkpoints?limit=100", token=self.world.token())
        for checkpoint in body["checkpoints"] if status == 200 else []:
            if self._rng.random() < 0.3:
                continue  # nobody is always there
            self._decide(clients, checkpoint)

    def _decide(self, clients, checkpoint):
        verb, body = "approve", {}
        if checkpoint["type"] == "error":
            body = {"choice": self._rng.choice(("happened", "again"))}
            if body["choice"] == "happened":
                body["data"] = True
        elif self._rng.random() < 0.1:
            verb = "reject"
        path = f"/api/checkpoints/{checkpoint['id']}"
        others = [(verb, body)]
        if self._rng.random() < 0.3 and checkpoint["type"] != "error":
            others.append((self._rng.choice(("approve", "reject")), {}))
        threads = [
            threading.Thread(target=self._post, args=(client, checkpoint["id"], f"{path}/{verb}", body))
            for client, (verb, body) in zip(clients, others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post(self, client, checkpoint, path, body):
        if client.post(path, body).verdict == ACCEPTED:
            self.decided[checkpoint] += 1
