"""Enqueues uniquely numbered jobs from several threads, and keeps what each answer promised."""

import random
import threading
import time

from client import ACCEPTED, REFUSED

BACKLOG = 300
"""So many jobs ahead of their effects at most, so that a slow machine does not drown and a fast one is kept busy."""


class Record:
    """What the clients know."""

    def __init__(self):
        self.sent = set()
        self.accepted = {}
        """The id that was told, by number."""
        self.refused = set()
        self.unknown = []
        """The numbers of each call without an answer."""
        self.in_flight = 0
        """Jobs in hand at all kills together; `None` where it cannot be told."""
        self.repeats = 0
        self.replayed = 0
        self._lock = threading.Lock()

    def sending(self, numbers):
        with self._lock:
            self.sent.update(numbers)

    def answered(self, numbers, answer):
        with self._lock:
            if answer.verdict == ACCEPTED:
                self.accepted.update(zip(numbers, answer.ids))
            elif answer.verdict == REFUSED:
                self.refused.update(numbers)
            else:
                self.unknown.append(tuple(numbers))


class Driver:
    """Threads that enqueue until they are stopped. Which jobs, depends on the seed alone."""

    def __init__(self, world, servers, seed, threads=6):
        self.world = world
        self.record = Record()
        self._servers = servers
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(index, random.Random(f"{seed}/{index}")), daemon=True)
            for index in range(threads)
        ]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self, seconds=90):
        """Waits until every call has its answer or is known to have none."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(seconds)
        self.world.expect(
            not any(thread.is_alive() for thread in self._threads), f"every call ends within {seconds} s")

    def _run(self, index, rng):
        client = self.world.client(rng.choice(self._servers))
        number = (index + 1) * 10_000_000
        while not self._stopping.is_set():
            if self._must_wait():
                time.sleep(0.02)
                continue
            count = rng.choice((1, 1, 1, 1, 2, 5, 20))
            numbers = list(range(number, number + count))
            number += count
            jobs = self._tied([self._job(one, rng) for one in numbers], rng)
            key = f"call-{numbers[0]}" if rng.random() < 0.3 else None
            self.record.sending(numbers)
            answer = client.enqueue(jobs, key)
            # With a key the call may be made again until it is answered; that must not add the jobs twice.
            while key and answer.verdict != ACCEPTED and not self._is_hopeless(answer):
                self.record.replayed += 1
                time.sleep(0.1)
                answer = client.enqueue(jobs, key)
            self._answered(numbers, jobs, answer)
            if answer.verdict != ACCEPTED:
                time.sleep(0.05)
        client.close()

    def _must_wait(self):
        """Whether so much is under way that nothing is to be added for a moment."""
        return len(self.record.accepted) - self.world.ledger.size() > BACKLOG

    def _answered(self, numbers, _, answer):
        self.record.answered(numbers, answer)

    @staticmethod
    def _is_hopeless(answer):
        return answer.verdict == REFUSED and answer.status is not None and answer.status < 500

    def _tied(self, jobs, rng):
        """Lets half of all batches be workflows: each job but the first waits for one or two before it."""
        if len(jobs) > 1 and rng.random() < 0.5:
            for place, job in enumerate(jobs):
                job["ref"] = f"job-{place}"
                others = rng.sample(range(place), min(place, rng.choice((1, 1, 2))))
                job["dependsOn"] = [f"job-{other}" for other in sorted(others)]
        return jobs

    def _job(self, number, rng):
        if rng.random() < 0.5:
            return self.world.http_job(number)
        # Most are short; some are long enough to be hit by a kill.
        return self.world.script_job(number, pause=round(rng.uniform(0.1, 1.0), 2) if rng.random() < 0.1 else None)
