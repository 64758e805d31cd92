"""A process dies at each point between the beginning and the end of a step or wait, and its successor goes on."""

import itertools

from client import ACCEPTED
from driver import Record
from flow import start
from flow_driver import CHILD, flow_job
from flow_invariants import FlowLedger, steps_once
from invariants import books_agree, file_sound, promises_kept, states_sane
from postgres import Cluster
from process import NotReady
from store import job_id
from scenarios import enqueue

IN_A_STEP = ("before", "begun", "inside", "done", "encoding", "after", "settling")
CUT_OFF = ("begun", "inside", "done", "encoding")
"""Where nobody but a person knows whether a step that must not run twice has done its work."""
NOTED = ("inside", "done", "encoding")
"""Where the body has begun by its own words and is not recorded."""
WAITS = {
    "sleep": {"seconds": 0.1}, "signal": {"name": "go"}, "approval": {"name": "send"}, "child": {},
    "inform": {"name": "all"},
}
UNHEARD = ("first-before", "first-inside", "first-done")
"""Later the server may have recorded what the script has said, or not; the ledger and the store have to agree."""
IN_A_SCRIPT = ("first-before", "first-inside", "first-done", "first-said", "first-kept", "settling")


def run(world, _):
    """A process dies at every point of a step, wait or child, in Swift and in scripts; each is done as promised."""
    Points(world).run()


def run_on_postgres(world, _):
    """The same on PostgreSQL."""
    world.use_postgres(Cluster(world).start().url)
    Points(world).run()


class Points:
    def __init__(self, world):
        self.world = world
        self.server, (self.worker,) = start(world)
        self.client = world.client(self.server)
        self.record = Record()
        self.numbers = itertools.count(1)
        self.expected = {}
        """How often the body of each step is to have been begun, by number and name."""
        self.deaths = 0

    def run(self):
        world = self.world
        for point in IN_A_STEP:
            self.die_in_step("step", point, 2 if point in NOTED else 1)
        for choice in ("happened", "again"):
            for point in IN_A_STEP if choice == "happened" else CUT_OFF:
                begun = (point != "begun") + (choice == "again" and point in CUT_OFF)
                self.die_in_step("once", point, begun, choice)
        for act, fields in WAITS.items():
            points = ("before", "after") + (("done",) if act == "child" else ())
            for point in points:
                self.die_in_wait(act, fields, point)
        for point in IN_A_SCRIPT:
            self.die_in_script({"die": point} if point != "first-kept" else {}, point)
        for wait, point in (("signal", "signal-asked"), ("checkpoint", "checkpoint-asked")):
            self.die_in_script({"wait": wait, "die": point}, point)
        world.stop(self.server, self.worker)
        self.check()
        world.note(f"{self.deaths} deaths, each at a point of its own")

    def die_in_step(self, kind, point, begun, choice=None):
        number = next(self.numbers)
        pause = {"kind": "step", "name": "rest"}
        job = self.add(number, flow_job(
            number, [{"kind": kind, "name": "work"}, pause], {"act": 0, "point": point}))
        self.expected[number, "work"] = begun
        self.bury(self.worker)
        # After its death, so that whoever asks is the next one.
        if kind == "once" and point in CUT_OFF:
            self.decide(job, {"choice": choice, **({"data": True} if choice == "happened" else {})})
        self.finish(f"a {kind} whose process died at {point}")

    def die_in_wait(self, act, fields, point):
        number = next(self.numbers)
        if act == "child":
            fields = {"number": CHILD + number}
        job = self.add(number, flow_job(number, [{"kind": act, **fields}], {"act": 0, "point": point}))
        self.bury(self.worker)
        if act == "signal":
            answer = self.client.post(f"/api/jobs/{job}/signals/go", {"payload": number})
            self.world.expect(answer.verdict == ACCEPTED, f"a signal is taken; got {answer.status} {answer.body}")
        if act == "approval":
            self.decide(job, {})
        self.finish(f"a job that died at {point} of {act}")

    def die_in_script(self, fields, point):
        number = next(self.numbers)
        pause = {"pause": 1} if point == "first-kept" else {}
        job = self.add(number, {"kind": "script-flow", "payload": {"number": number, **fields, **pause}})
        if point == "first-kept":
            # Only the store knows when what a script has said is recorded. The second step takes its time.
            self.world.wait_until(lambda: self.is_kept(job, "first"), "the first step is recorded", 20)
            self.server.kill()
            self.expected[number, "first"] = 1
        elif point in UNHEARD:
            self.expected[number, "first"] = 2 if point in ("first-inside", "first-done") else 1
        self.bury(self.server)
        self.client = self.world.client(self.server)
        if "wait" in fields and fields["wait"] == "signal":
            self.client.post(f"/api/jobs/{job}/signals/go", {"payload": number})
        if "wait" in fields and fields["wait"] == "checkpoint":
            self.decide(job, {})
        self.finish(f"a script that died at {point}")

    def add(self, number, job):
        answer = enqueue(self.world, self.client, self.record, [job], [number])
        if answer.verdict != ACCEPTED:
            raise NotReady(f"job {number} was not accepted: {answer.status} {answer.body}")
        return answer.ids[0]

    def bury(self, process):
        """Waits until a process has died of its own job, and starts the next one."""
        if process.is_running:
            process.wait_for_death()
        self.deaths += 1
        process.start().wait_until_ready()

    def is_kept(self, job, key):
        return bool(self.world.store.query(
            f"SELECT 1 FROM nightshift_steps WHERE job = ? AND state = 1 AND key = '{key}'", job_id(job)))

    def decide(self, job, body):
        """Says yes to the question of a job, once it is there."""
        found = []

        def is_asked():
            _, answer = self.server.get(f"/api/jobs/{job}/checkpoints", token=self.world.token())
            found[:] = [one for one in answer["checkpoints"] if one["state"] == "pending"]
            return bool(found)

        if self.world.wait_until(is_asked, f"{job} asks", 20):
            answer = self.client.post(f"/api/checkpoints/{found[0]['id']}/approve", body)
            self.world.expect(answer.verdict == ACCEPTED, f"the answer is taken; got {answer.status} {answer.body}")

    def finish(self, what):
        if not self.world.wait_until_idle(30):
            self.world.expect(False, f"{what} goes on")

    def check(self):
        world, store = self.world, self.world.store
        ledger = FlowLedger(world.ledger.path)
        jobs = store.jobs()
        for place, count in self.expected.items():
            begun = ledger.of("step-begin")[place]
            world.expect(len(begun) == count, f"step {place} was begun in attempts {begun}, and {count} were to be")
        for number, _ in self.expected:
            rest = ledger.of("step-begin")[number, "rest"]
            world.expect(len(rest) <= 1, f"the step behind it of {number} was begun in attempts {rest}")
        twice = store.query("SELECT job, key FROM nightshift_checkpoints GROUP BY job, key HAVING count(*) > 1")
        world.expect(not twice, f"questions were asked twice: {twice}")
        children = [number for _, number, *_ in jobs if number > CHILD]
        world.expect(len(children) == 3 and len(set(children)) == 3, f"each of three parents has one child: {children}")
        # A child may have been running beside its parent.
        numbers = {row[0]: row[1] for row in jobs}
        lost = [
            job for job, in store.query("SELECT job FROM nightshift_attempts WHERE outcome = 'lost'")
            if numbers[job] < CHILD]
        world.expect(len(lost) == self.deaths, f"{self.deaths} deaths have cost {len(lost)} attempts")
        blamed = store.query("SELECT count(*) FROM nightshift_attempts WHERE outcome NOT IN ('lost', 'parked')")[0][0]
        world.expect(blamed == 0, f"{blamed} attempts were not simply lost or parked")
        world.violations += (
            steps_once(store, ledger, numbers)
            + promises_kept(self.record, [row for row in jobs if row[1] < CHILD]) + states_sane(jobs)
            + books_agree(store, jobs) + file_sound(store))
