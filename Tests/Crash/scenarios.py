"""The other scenarios: each puts the store or a process into one kind of trouble."""

import os
import pwd
import re
import signal
import time

from client import ACCEPTED
from driver import Driver, Record
from invariants import check_all
from process import LEASE, MARK, NotReady, end_scripts, scripts_of


class Skipped(Exception):
    """Why a scenario cannot be tried here."""


def require_root(what):
    if os.geteuid() != 0:
        raise Skipped(f"{what} needs root")


def enqueue(world, client, record, jobs, numbers):
    record.sending(numbers)
    answer = client.enqueue(jobs)
    record.answered(numbers, answer)
    return answer


# -- a full disk


def disk_full(world, _):
    """A full disk refuses new work with 507 or 503, loses nothing, and is forgiven once there is space again."""
    require_root("mounting a small disk")
    world.mount_memory(world.data, "48m")
    ballast = world.data / "ballast"
    ballast.write_bytes(b"\0" * (16 << 20))
    server = world.process("serve").start()
    server.wait_until_ready()
    client, record = world.client(server), Record()
    # Nobody can tell how often a job had begun before its end could be written down.
    record.in_flight = None
    refusals = fill(world, client, record)
    check_refusals(world, server, refusals)
    numbers = range(50_000, 50_003)
    for number in numbers:
        answer = enqueue(world, client, record, [world.script_job(number)], [number])
        world.expect(answer.status in (507, 503), f"on a full disk an enqueue was answered with {answer.status}")
    ballast.unlink()
    number = iter(range(60_000, 70_000))

    def accepts():
        one = next(number)
        return enqueue(world, client, record, [world.script_job(one)], [one]).verdict == ACCEPTED

    world.wait_until(accepts, "jobs are accepted again once there is space", 20)
    world.wait_until_idle()
    world.stop(server)
    check_all(world, record)
    world.note(f"{len(record.accepted)} accepted, {len(record.refused)} refused with {sorted(set(refusals))}")


def fill(world, client, record):
    """Enqueues ever smaller jobs until not even the smallest fits; returns the statuses of the refusals."""
    refusals = []
    numbers = iter(range(1, 20_000))
    for size in (200_000, 10_000, 0):
        refused = 0
        while refused < 5:
            number = next(numbers)
            # Not due, so that nothing but the clients writes.
            job = world.script_job(number, delay="20s")
            job["payload"]["filler"] = "x" * size
            answer = enqueue(world, client, record, [job], [number])
            refused = 0 if answer.verdict == ACCEPTED else refused + 1
            if refused:
                refusals.append(answer.status)
    return refusals


def check_refusals(world, server, refusals):
    odd = sorted({status for status in refusals if status not in (507, 503)}, key=str)
    world.expect(not odd, f"on a full disk enqueues were answered with {odd}, not 507 or 503")
    world.expect(507 in refusals, "no refusal says 507, so that nobody learns why")
    world.expect(server.get("/healthz")[0] == 200, "/healthz answers on a full disk")
    world.wait_until(
        lambda: server.get("/readyz")[0] == 503, "/readyz says on a full disk that the store is not writable", 15)
    world.expect(server.get("/api/jobs", token=world.token())[0] == 200, "jobs can be looked at on a full disk")


# -- a database that may not be written


def read_only(world, _):
    """A database that may not be written to stops the start with a word about it, and is left as it was."""
    require_root("another user's files")
    record = Record()
    server = world.process("serve").start()
    server.wait_until_ready()
    enqueue(world, world.client(server), record, [world.script_job(1)], [1])
    world.wait_until_idle()
    world.stop(server)
    before = world.store.path.read_bytes()
    nobody = pwd.getpwnam("nobody")
    for path in (world.data, *world.data.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    for what, path, mode, usual in (
        ("file", world.store.path, 0o400, 0o600), ("folder", world.data, 0o500, 0o700)):
        path.chmod(mode)
        refuses_to_start(world, what, path)
        path.chmod(usual)
        # SQLite makes its log and shared memory with the mode that the database has at that moment.
        for companion in world.data.glob("nightshift.db-*"):
            companion.chmod(0o600)
    world.expect(world.store.path.read_bytes() == before, "the database that could not be written is unchanged")
    server = world.process("serve", name="writable", user="nobody").start()
    server.wait_until_ready()
    enqueue(world, world.client(server), record, [world.script_job(2)], [2])
    world.wait_until_idle()
    world.stop(server)
    check_all(world, record)


def refuses_to_start(world, what, path):
    server = world.process("serve", name=f"read-only-{what}", user="nobody").start()
    try:
        server.wait_until_ready(20)
        world.expect(False, f"with a read-only {what} the server starts")
    except NotReady:
        if server.is_running:
            world.expect(False, f"with a read-only {what} the server neither runs nor ends")
    server.kill()
    words = server.log.read_text(errors="replace")
    world.expect(str(path) in words, f"with a read-only {what} the server does not name {path}:\n{words}")
    world.note(f"read-only {what}: {words.strip().splitlines()[-1] if words.strip() else '(nothing)'}")


# -- a worker that stands still


def frozen_worker(world, _):
    """A worker that stood still past its lease finds its late result refused; the job is completed once, elsewhere."""
    server = server_without_worker(world)
    first = world.process("worker", name="first").start()
    first.wait_until_ready()
    taken_over(world, server, first, cut=first.freeze, join=first.thaw)


def server_without_worker(world):
    server = world.process("serve", environment={"AUTOPILOT_WORKER_AUTO_START": "false"}).start()
    wait_for_server(world, server)
    return server


def taken_over(world, server, first, cut, join, cancels=False):
    """Cuts a worker with two jobs in hand off past its lease: another runs them, and its late results are refused.

    One of its handlers has ended before it can say so. The other goes on, unless the worker `cancels` it.
    """
    record, client = Record(), world.client(server)
    gate = world.ledger.hold(1)
    # Longer than the lease: it ends in time only if it begins again elsewhere.
    long = world.script_job(1, pause=LEASE * 2.5) if cancels else world.http_job(1)
    enqueue(world, client, record, [long], [1])
    enqueue(world, client, record, [world.script_job(2, pause=1.0)], [2])
    world.ledger.wait_for(1)
    world.ledger.wait_for(2)
    cut()
    record.in_flight = len(world.store.in_flight(first.pid))
    # The handlers have ended, but their worker cannot say so.
    time.sleep(1.5)
    gate.set()
    second = world.process("worker", name="second").start()
    second.wait_until_ready()
    if cancels:
        world.ledger.wait_for(1, count=2, seconds=LEASE * 6)
        both = [pid for pid in scripts_of(world) if attempt_of(pid) == 1]
        world.expect(not both, f"the job began again while its former handler still ran: {both}")
    world.wait_until_idle(LEASE * 5 + 15)
    before = world.store.jobs()
    join()
    world.wait_until(
        lambda: re.search("came too late|leases of this worker have ended", first.log.read_text()),
        "the late worker logs that it was replaced", 30)
    # It goes on as a new worker.
    second.kill()
    enqueue(world, client, record, [world.script_job(3)], [3])
    world.wait_until_idle(30)
    world.stop(first, server)
    after = [row for row in world.store.jobs() if row[1] in (1, 2)]
    world.expect(before == after, f"the late result changed the jobs: {before} became {after}")
    attempts = {number: attempt for _, number, _, _, attempt, *_ in after}
    world.expect(attempts == {1: 2, 2: 2}, f"each job had two attempts; got {attempts}")
    check_all(world, record)
    if cancels:
        words = first.log.read_text()
        world.expect("cancelling all handlers" in words, "the worker that was cut off cancels its handlers")
        ended = world.ledger.lines("done")[1]
        world.expect(ended == 1, f"of the two attempts one was cancelled; {ended} came to their end")
    refused = len(re.findall("came too late", first.log.read_text()))
    world.note(f"{refused} late results were refused, the rest cancelled before")


def attempt_of(pid):
    """Which attempt a script is; `None` if it has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            found = re.search(MARK + rb"(\d+)", file.read())
    except OSError:
        return None
    return int(found.group(1)) if found else None


def wait_for_server(world, server):
    # Without a worker of its own it is ready as soon as it answers.
    try:
        server.wait_until_ready(20)
    except NotReady as error:
        world.expect(False, f"a server whose worker is stopped is ready: {error}")


# -- two servers


def two_servers(world, options):
    """Two servers on one file both accept and both work, and nothing is done twice."""
    servers = [world.process("serve", name=name) for name in ("one", "two")]
    for server in servers:
        server.start().wait_until_ready()
    driver = Driver(world, servers, options.seed)
    driver.start()
    time.sleep(min(10, options.seconds))
    driver.stop()
    world.wait_until_idle()
    shares = world.store.query("SELECT worker, count(*) FROM nightshift_jobs GROUP BY worker")
    world.expect(len(shares) == 2, f"both servers have run jobs; by worker: {shares}")
    world.stop(*servers)
    twice = {number: count for number, count in world.ledger.begun().items() if count > 1}
    world.expect(not twice, f"without any kill these jobs were run twice: {twice}")
    world.expect(not driver.record.unknown, "without any kill every call has an answer")
    check_all(world, driver.record)
    world.note(f"{len(driver.record.accepted)} accepted; by worker: {[count for _, count in shares]}")


# -- kills from outside


def outside_kill(world, options):
    """Whoever kills the server from outside again and again does not get its jobs parked for it."""
    record = Record()
    server = world.process("serve")
    server.start().wait_until_ready()
    client = world.client(server)
    world.ledger.hold(1)
    enqueue(world, client, record, [world.http_job(1)], [1])
    enqueue(world, client, record, [world.script_job(2, pause=600)], [2])
    # After ten losses a job waits, up to a minute each time.
    kills = 5 if options.is_short else 10
    for count in range(1, kills + 1):
        world.ledger.wait_for(1, count, 120)
        world.ledger.wait_for(2, count, 120)
        record.in_flight += len(world.store.in_flight(server.pid))
        server.kill()
        server.start().wait_until_ready()
    world.ledger.wait_for(1, kills + 1, 120)
    world.ledger.wait_for(2, kills + 1, 120)
    for _, number, _, _, _, failures, crashes, _ in world.store.jobs():
        world.expect(failures == 0, f"after {kills} kills from outside job {number} has {failures} failures")
        world.expect(crashes == 0, f"after {kills} kills from outside job {number} has {crashes} crashes")
    # The script and its `sleep`; those of the killed servers have been ended.
    running = scripts_of(world)
    world.expect(len(running) == 2, f"of {kills + 1} scripts of one job only the last still runs; pids: {running}")
    end_scripts(world)
    world.ledger.hold(1).set()
    world.wait_until(
        lambda: world.store.query("SELECT failures FROM nightshift_jobs WHERE kind = 'effect'")[0][0] == 1,
        "a script that is killed itself has failed once", 10)
    world.stop(server)
    world.note(f"{kills} kills; no failures, no crashes")


def poison(world, _):
    """A handler that breaks its own process three times is parked with that reason; a script beside it is not."""
    record = Record()
    server = world.process("serve")
    server.start().wait_until_ready()
    client = world.client(server)
    world.ledger.hold(1)
    enqueue(world, client, record, [world.http_job(1)], [1])
    world.ledger.wait_for(1)
    enqueue(world, client, record, [world.script_job(2, pause=600)], [2])
    world.ledger.wait_for(2)
    for count in range(1, 4):
        world.ledger.wait_for(1, count, 60)
        # As if the handler had run into bad memory.
        server.kill(signal.SIGSEGV)
        server.start().wait_until_ready()
    world.wait_until(
        lambda: world.store.query("SELECT state, crashes FROM nightshift_jobs WHERE kind = 'http'") == [(6, 3)],
        "after three crashes the job is dead", 30)
    crashes = world.store.query("SELECT crashes, state < 6 FROM nightshift_jobs WHERE kind = 'effect'")
    world.expect(crashes == [(0, 1)], f"the script beside it is not blamed; crashes, alive: {crashes}")
    status, job = server.get("/api/jobs?state=dead", token=world.token())
    world.expect(status == 200 and len(job["jobs"]) == 1, f"the dead job is listed; got {status} {job}")
    reason = world.store.query("SELECT error_message FROM nightshift_attempts WHERE outcome = 'crashed'")
    world.note(f"three crashes: {reason[-1][0] if reason else 'no reason recorded'}")
    # Not asked to stop: it would wait for the script.
    server.kill()


ALL = {
    "disk-full": disk_full,
    "read-only": read_only,
    "frozen-worker": frozen_worker,
    "two-servers": two_servers,
    "outside-kill": outside_kill,
    "poison": poison,
}
