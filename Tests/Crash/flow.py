"""Jobs with steps, waits, checkpoints and children, and schedules, while their processes are killed."""

import random
import time

from flow_answers import Answerer
from flow_driver import FLOW_MANIFEST, FLOW_SCRIPT, FlowDriver
from flow_invariants import check_flow
from kills import kill
from postgres import Cluster
from process import CrashWorker

SCHEDULES = {"every-second": "every 1s", "cron-second": "* * * * * *"}


def run(world, options):
    """Jobs with steps, waits, checkpoints, children and slots are killed at random; nothing recorded happens twice."""
    Flow(world, options).run()


def run_on_postgres(world, options):
    """The same on PostgreSQL."""
    world.use_postgres(Cluster(world).start().url)
    Flow(world, options).run()


class Flow:
    def __init__(self, world, options):
        self.world = world
        self.rng = random.Random(f"{options.seed}/{world.folder.name.rpartition('-')[0]}")
        self.seconds = 12 if options.is_short else min(options.seconds, 300)
        self.seed = options.seed
        self.server, self.workers = start(world, workers=2)
        self.kills = 0
        self.kept = {}
        """The attempt in which each step was recorded, as it was on disk at some kill."""

    def run(self):
        world = self.world
        self.add_schedules()
        driver = FlowDriver(world, self.server, self.seed)
        answerer = Answerer(world, self.server, self.seed, driver.early)
        self.record = driver.record
        driver.start()
        answerer.start()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(self.rng.uniform(0.05, 0.8))
            self.kill_some()
        driver.stop()
        self.disable_schedules()
        world.wait_until_idle(120)
        answerer.stop()
        for process in (self.server, *self.workers):
            if not world.expect(process.is_running, f"{process.name} is still running at the end"):
                world.note(process.last_words())
        world.stop(self.server, *self.workers)
        check_flow(world, driver.record, answerer, self.kept)
        world.note(f"{self.kills} kills, {len(driver.record.accepted)} accepted, {answerer.summary()}")

    def kill_some(self):
        """Kills one or two processes, and starts them again a moment later."""
        victims = self.rng.sample([self.server, *self.workers], self.rng.choice((1, 1, 2)))
        for process in victims:
            self.kills += 1
            kill(self.world, self.record, process)
        self.note_kept()
        time.sleep(self.rng.uniform(0.0, 0.5))
        for process in victims:
            process.start()
        for process in victims:
            process.wait_until_ready()

    def note_kept(self):
        """What is on disk of steps must stay as it is from here on."""
        for job, key, attempt in self.world.store.query(
                "SELECT job, key, attempt FROM nightshift_steps WHERE state = 1"):
            before = self.kept.setdefault((job, key), attempt)
            self.world.expect(
                before == attempt, f"step {key} of {job} was recorded in attempt {before}, and again in {attempt}")

    def add_schedules(self):
        client = self.world.client(self.server)
        for name, expression in SCHEDULES.items():
            answer = client.post("/api/schedules", {
                "name": name, "expression": expression, "kind": "effect", "payload": {"number": 0}, "catchUp": "all"})
            self.world.expect(answer.status == 201, f"the schedule {name} is added; got {answer.status} {answer.body}")
        client.close()

    def disable_schedules(self):
        client = self.world.client(self.server)
        for name in SCHEDULES:
            answer = client.post(f"/api/schedules/{name}/disable", {})
            self.world.expect(answer.status == 200, f"the schedule {name} is disabled; got {answer.status}")
        client.close()


def start(world, workers=1):
    """A server that knows the script and leaves jobs in Swift to others, and who runs those."""
    world.add_script("script-flow", FLOW_MANIFEST, FLOW_SCRIPT)
    server = world.process("serve", environment={"NIGHTSHIFT_WORKER_QUEUES": "default"}).start()
    server.wait_until_ready()
    fleet = [CrashWorker(world, f"crash-worker-{number}").start() for number in range(1, workers + 1)]
    for worker in fleet:
        worker.wait_until_ready()
    return server, fleet
