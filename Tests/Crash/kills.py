"""The main scenario: processes are killed and frozen at random moments while clients go on enqueueing."""

import random
import time

from driver import Driver
from invariants import check_all
from process import LEASE


def run(world, options):
    """Server and worker on one store, killed again and again; nothing is lost, nothing is done twice unseen."""
    Kills(world, options).run()


class Kills:
    def __init__(self, world, options):
        self.world = world
        self.rng = random.Random(f"{options.seed}/kills")
        self.seconds = options.seconds
        self.server = world.process("serve")
        self.worker = world.process("worker")
        self.driver = None
        self.kills = 0
        self.freezes = 0
        self.returns = []
        """For each kill of the server: what it had in hand, and when its successor was ready."""

    def run(self):
        self.server.start().wait_until_ready()
        self.worker.start().wait_until_ready()
        self.driver = Driver(self.world, [self.server], self.rng.random())
        self.driver.start()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(self.rng.uniform(0.3, 3.0))
            self.rng.choices(
                [self.kill_server, self.kill_while_starting, self.kill_worker, self.kill_both, self.freeze_worker],
                [5, 2, 3, 3, 1])[0]()
        self.finish()

    def kill(self, process):
        self.kills += 1
        return kill(self.world, self.driver.record, process)

    def kill_server(self):
        in_flight = self.kill(self.server)
        ready = self.server.start().wait_until_ready()
        self.returns.append((in_flight, ready))

    def kill_while_starting(self):
        self.kill(self.server)
        self.server.start()
        time.sleep(self.rng.uniform(0.0, 0.4))
        self.kill(self.server)
        self.server.start().wait_until_ready()

    def kill_worker(self):
        self.kill(self.worker)
        time.sleep(self.rng.uniform(0.0, 1.5))
        self.worker.start().wait_until_ready()

    def kill_both(self):
        in_flight = self.kill(self.worker)
        in_flight |= self.kill(self.server)
        ready = self.server.start().wait_until_ready()
        self.returns.append((in_flight, ready))
        self.worker.start().wait_until_ready()

    def freeze_worker(self):
        """Past its lease, so that others take its jobs over while it still believes that it holds them."""
        self.worker.freeze()
        self.freezes += 1
        # Both: frozen in the middle of a transaction it holds up the other one too, whose handlers are cancelled when
        # their lease cannot be renewed.
        for process in (self.worker, self.server):
            self.driver.record.in_flight += len(self.world.store.in_flight(process.pid))
        time.sleep(LEASE * self.rng.uniform(1.2, 2.0))
        self.worker.thaw()

    def finish(self):
        world, record = self.world, self.driver.record
        self.driver.stop()
        world.wait_until_idle(180)
        for process in (self.server, self.worker):
            if not world.expect(process.is_running, f"{process.name} is still running at the end"):
                world.note(process.last_words())
        world.stop(self.server, self.worker)
        check_all(world, record)
        check_returns(world, self.returns)
        unknown = sum(len(numbers) for numbers in record.unknown)
        world.note(
            f"{self.kills} kills, {self.freezes} freezes, {len(record.accepted)} accepted, {unknown} without an "
            f"answer, {record.replayed} calls made again under their key, {record.in_flight} in flight at the kills, "
            f"{record.repeats} repeats")


def kill(world, record, process):
    """Kills a process at this moment and notes what it had in hand."""
    # Frozen first: between the kill and a look at the store its successor could already have taken the jobs over.
    process.freeze()
    in_flight = world.store.in_flight(process.pid)
    process.kill()
    # A claim whose commit was on disk, but not yet shown to readers, comes to light only now.
    in_flight |= world.store.in_flight(process.pid)
    record.in_flight += len(in_flight)
    return in_flight


def check_returns(world, returns):
    """What was in hand when a process was killed begins again within a second of the next start."""
    starts = world.store.starts()
    waits = []
    for in_flight, ready in returns:
        for job, attempt in in_flight.items():
            start = starts.get((job, attempt + 1))
            # Without a next attempt the old one's end was recorded at the last moment.
            if start is not None:
                waits.append(start - ready)
    if not waits:
        return
    waits.sort()
    most = waits[int(len(waits) * 0.9)]
    world.note(
        f"{len(waits)} jobs in hand began again: median {waits[len(waits) // 2] * 1000:.0f} ms, nine in ten "
        f"{most * 1000:.0f} ms, latest {waits[-1] * 1000:.0f} ms after the next start was ready")
    world.expect(most <= 1.0, f"a tenth of the jobs in hand began {most:.1f} s or more after the restart")
    # More were in hand than run at the same time, so that some wait for another one that pauses.
    world.expect(waits[-1] <= 2.5, f"a job in hand began {waits[-1]:.1f} s after the restart")
