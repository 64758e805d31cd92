"""The scenarios on PostgreSQL: a fleet of servers and workers, whose processes, connections and database are killed."""

import os
import pathlib
import random
import subprocess
import time

from client import ACCEPTED
from driver import Driver, Record
from invariants import check_all
from kills import check_returns, kill
from process import NotReady
from scenarios import Skipped, enqueue, require_root, server_without_worker, taken_over

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
HOST = "far"
"""The host that is cut off from the others."""
LONG_LEASE = {"NIGHTSHIFT_WORKER_LEASE_DURATION": "15s"}
"""The default: a database that comes back within two thirds of it has ended no lease."""


class Cluster:
    """A private PostgreSQL, or a pooler before one, in a folder of its own."""

    def __init__(self, world, name="postgres"):
        self.folder = world.folder / name
        self.url = None
        world.databases.append(self)

    def run(self, command, *arguments):
        answer = subprocess.run(
            [SCRIPTS / "postgres", command, self.folder, *arguments], capture_output=True, text=True, timeout=150,
            check=False)
        if answer.returncode != 0:
            raise NotReady(f"scripts/postgres {command}: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def start(self, *arguments, command="start"):
        self.url = self.run(command, *arguments)
        return self

    def crash(self):
        self.run("restart", "--mode", "immediate")

    def lose_power(self):
        self.run("kill")
        self.run("start")

    def query(self, sql):
        return self.run("psql", "-U", "postgres", "-Atqc", sql)

    def cut_connections(self):
        """Some, as a firewall or an administrator does, in whatever they are doing."""
        self.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'nightshift' AND random() < 0.4")

    def cut_transactions(self):
        """Those that are between two statements of a transaction."""
        self.query(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity, generate_series(1, 200), pg_sleep(0.005)
               WHERE usename = 'nightshift' AND state LIKE 'idle in transaction%'""")

    def stop(self):
        # A failure leaves the folder's processes to whoever reads the verdict: it must not hide that.
        subprocess.run([SCRIPTS / "postgres", "stop", self.folder], capture_output=True, timeout=150, check=False)


class Fleet:
    """Two servers and two workers on one database, with clients that go on enqueueing."""

    def __init__(self, world, options, environment=None):
        self.world = world
        self.rng = random.Random(f"{options.seed}/{world.folder.name.rpartition('-')[0]}")
        self.seconds = 20 if options.is_short else min(options.seconds, 300)
        self.servers = [world.process("serve", name=f"server-{n}", environment=environment) for n in (1, 2)]
        self.workers = [world.process("worker", name=f"worker-{n}", environment=environment) for n in (1, 2)]
        self.kills = 0
        self.returns = []
        for process in self.processes:
            process.start().wait_until_ready()
        self.driver = Driver(world, self.servers, self.rng.random())
        self.driver.start()

    @property
    def processes(self):
        return self.servers + self.workers

    @property
    def record(self):
        return self.driver.record

    def go_on(self, troubles, pause):
        """One trouble after the other, each as often as the others, until the time is over."""
        end = time.monotonic() + self.seconds
        turn = []
        while time.monotonic() < end:
            time.sleep(self.rng.uniform(*pause))
            turn = turn or self.rng.sample(troubles, len(troubles))
            turn.pop()()

    def kill_some(self):
        """Kills one or two processes, and starts them again a moment later."""
        victims = self.rng.sample(self.processes, self.rng.choice((1, 1, 2)))
        hands = [kill(self.world, self.record, process) for process in victims]
        self.kills += len(victims)
        time.sleep(self.rng.uniform(0.0, 1.0))
        for process in victims:
            process.start()
        for process, in_flight in zip(victims, hands):
            self.returns.append((in_flight, process.wait_until_ready()))

    def wait_for_work(self, seconds=30):
        """Waits until jobs are accepted and done again; returns how long that took."""
        began = time.monotonic()
        # More than may have been on their way back to the clients.
        accepted, done = len(self.record.accepted) + 200, self.world.ledger.size() + 200
        self.world.wait_until(
            lambda: len(self.record.accepted) > accepted and self.world.ledger.size() > done,
            "jobs are accepted and done again", seconds)
        return time.monotonic() - began

    def finish(self, note=""):
        world, record = self.world, self.record
        self.driver.stop()
        world.wait_until_idle(180)
        for process in self.processes:
            if not world.expect(process.is_running, f"{process.name} is still running at the end"):
                world.note(process.last_words())
        world.stop(*[process for process in self.processes if process.is_running])
        check_all(world, record)
        unknown = sum(len(numbers) for numbers in record.unknown)
        world.note(
            f"{note}{self.kills} kills, {len(record.accepted)} accepted, {unknown} without an answer, "
            f"{record.replayed} calls made again under their key, {record.in_flight} in flight at the kills, "
            f"{record.repeats} repeats")


# -- processes that are killed


def kills(world, options):
    """Servers and workers on PostgreSQL are killed again and again; nothing is lost, nothing is done twice unseen."""
    world.use_postgres(Cluster(world).start().url)
    fleet = Fleet(world, options)
    fleet.go_on([fleet.kill_some], pause=(0.3, 2.5))
    fleet.finish()
    check_returns(world, fleet.returns)


# -- a database that is killed


def restart(world, options):
    """The database crashes, loses power and cuts connections in mid-run; work resumes by itself, nothing is repeated."""
    cluster = Cluster(world).start()
    world.use_postgres(cluster.url)
    fleet = Fleet(world, options, LONG_LEASE)
    fleet.go_on(
        [cluster.crash, cluster.lose_power, cluster.cut_connections, cluster.cut_connections, cluster.cut_transactions],
        pause=(0.5, 3.0))
    back = fleet.wait_for_work()
    # A claim whose answer was lost costs an attempt that never begins. What has begun keeps its lease meanwhile.
    fleet.record.in_flight = None
    fleet.finish(f"work goes on {back:.1f} s after the last trouble, ")
    world.expect(fleet.record.repeats == 0, f"no lease has ended, but {fleet.record.repeats} jobs were begun again")


def failover(world, options):
    """The primary dies while work is running; its synchronous standby takes over and nothing accepted is missing."""
    primary, standby = Cluster(world, "primary").start(), Cluster(world, "standby")
    standby.start(primary.folder, command="standby")
    world.use_postgres(primary.run("url", standby.folder))
    fleet = Fleet(world, options, LONG_LEASE)
    warns_of_asynchronous_replicas(world, primary)
    fleet.wait_for_work()
    primary.run("kill")
    # Nothing but the standby is left, and it takes no writes yet.
    time.sleep(fleet.rng.uniform(0.0, 2.0))
    standby.run("promote")
    back = fleet.wait_for_work()
    time.sleep(3 if options.is_short else 30)
    fleet.record.in_flight = None
    fleet.finish(f"work goes on {back:.1f} s after the promotion, ")
    world.expect(fleet.record.repeats == 0, f"no lease has ended, but {fleet.record.repeats} jobs were begun again")


def warns_of_asynchronous_replicas(world, primary):
    command = [str(world.binary), "doctor", "--data", str(world.data), "--jobs", str(world.jobs)]
    environment = os.environ | {"DATABASE_URL": world.database_url}

    def doctor():
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout

    def name_standby(names):
        primary.query(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        primary.query("SELECT pg_reload_conf()")

    world.expect("of which 1 synchronous" in doctor(), "doctor sees the synchronous standby")
    names = primary.query("SHOW synchronous_standby_names")
    name_standby("")
    world.wait_until(
        lambda: "Name a standby in synchronous_standby_names" in doctor(),
        "doctor warns that no replica is synchronous", 10)
    name_standby(names)
    world.wait_until(lambda: "of which 1 synchronous" in doctor(), "doctor sees that it is synchronous again", 10)


# -- a worker that is not heard of


def frozen(world, _):
    """A worker that stood still past its lease: its jobs run elsewhere, and its late results are refused."""
    world.use_postgres(Cluster(world).start().url)
    server = server_without_worker(world)
    first = world.process("worker", name="first").start()
    first.wait_until_ready()
    taken_over(world, server, first, cut=first.freeze, join=first.thaw)


def partition(world, options):
    """A worker's host is cut off from the database past its lease: it cancels its handlers, and others run its jobs."""
    require_root("making network namespaces")
    if os.environ.get("NIGHTSHIFT_CRASH_HOSTS") != HOST:
        return partition_on_hosts(world, options)
    hub = netns("address", "hub")
    cluster = Cluster(world).start("--allow", "10.213.0.0/24", "--set", f"listen_addresses=127.0.0.1,{hub}")
    world.use_postgres(cluster.url)
    server = server_without_worker(world)
    first = world.process(
        "worker", name="first", prefix=[str(SCRIPTS / "netns"), "run", HOST],
        environment={"DATABASE_URL": cluster.url.replace("127.0.0.1", hub)}).start()
    first.wait_until_ready()
    taken_over(
        world, server, first, cut=lambda: netns("cut", HOST), join=lambda: netns("join", HOST), cancels=True)


def netns(*arguments):
    return subprocess.run(
        [SCRIPTS / "netns", *arguments], check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def partition_on_hosts(world, options):
    """Runs this scenario once more, in a process that has several hosts."""
    hosts = [str(SCRIPTS / "netns"), "with", HOST, "--"]
    probe = subprocess.run([*hosts, "true"], capture_output=True, text=True, timeout=30, check=False)
    if probe.returncode != 0:
        raise Skipped(f"network namespaces are not permitted here: {probe.stderr.strip()}")
    answer = subprocess.run(
        [*hosts, str(SCRIPTS / "crash-test"), "pg-partition", "--binary", str(world.binary), "--worker",
         str(world.worker_binary), "--seed", str(options.seed), *(["--keep"] if options.keep else [])],
        env=os.environ | {"NIGHTSHIFT_CRASH_HOSTS": HOST}, capture_output=True, text=True, timeout=300, check=False)
    lines = [line.strip() for line in (answer.stdout + answer.stderr).splitlines()]
    world.expect(answer.returncode == 0, "\n      ".join(["on hosts of its own:", *lines]))
    for line in lines[2:-1] if answer.returncode == 0 else []:
        world.note(line)


# -- several that do the same


def together(world, _):
    """Migrators, promoters and reapers at the same moment: each effect happens once."""
    world.use_postgres(Cluster(world).start().url)
    fleet = [world.process("serve", name=f"server-{number}") for number in range(1, 5)]
    for process in fleet:
        process.start()
    for process in fleet:
        process.wait_until_ready()
    twice = world.store.query("SELECT count(*) - count(DISTINCT (module, number)) FROM nightshift_migrations")
    world.expect(twice == [(0,)], f"{twice[0][0]} steps of the schema were taken twice")
    tokens = world.store.query("SELECT count(*) FROM nightshift_tokens")
    world.expect(tokens == [(1,)], f"four servers that start at once make one admin token, not {tokens[0][0]}")
    client, record = world.client(fleet[0]), Record()
    record.in_flight = 0
    numbers = range(1, 401)
    enqueue(world, client, record, [world.http_job(number, delay="3s") for number in numbers], numbers)
    world.wait_until_idle(60)
    reaped = reap_together(world, client, record, fleet)
    world.stop(*fleet)
    check_all(world, record)
    world.note(f"{len(record.accepted)} accepted, {reaped} taken back from a dead worker that three others saw")


def reap_together(world, client, record, fleet):
    """One of the fleet dies with jobs in hand, and all others see it; returns how many jobs that were."""
    numbers = range(1001, 1009)
    gates = [world.ledger.hold(number) for number in numbers]
    enqueue(world, client, record, [world.http_job(number) for number in numbers], numbers)
    for number in numbers:
        world.ledger.wait_for(number)
    victim = max(fleet[1:], key=lambda process: len(world.store.in_flight(process.pid)))
    in_flight = kill(world, record, victim)
    fleet.remove(victim)
    for gate in gates:
        gate.set()
    world.wait_until_idle(60)
    lost = world.store.query("SELECT count(*) FROM nightshift_attempts WHERE outcome = 'lost'")[0][0]
    world.expect(in_flight, "the process that was killed had jobs in hand")
    world.expect(lost == len(in_flight), f"{len(in_flight)} jobs were in hand, and {lost} were taken back")
    return lost


# -- a pooler in between


def pooler(world, options):
    """All processes go through PgBouncer in transaction mode, which is killed in mid-run."""
    cluster, bouncer = Cluster(world).start(), Cluster(world, "pooler")
    bouncer.start(cluster.folder, command="pooler")
    world.use_postgres(bouncer.url, asked_at=cluster.url)
    latest, record = wake_up_across(world)
    fleet = Fleet(world, options)
    fleet.record.sending(record.sent)
    fleet.record.accepted.update(record.accepted)
    fleet.go_on([bouncer.lose_power, fleet.kill_some], pause=(0.5, 2.5))
    fleet.wait_for_work()
    fleet.finish(f"a job for another process began after {latest:.1f} s, ")
    for process in fleet.processes:
        said = process.log.read_text(errors="replace").count("a pooler stands before PostgreSQL")
        world.expect(
            said == process.starts, f"{process.name} was started {process.starts} times and said {said} times that a "
            "pooler stands between")


def wake_up_across(world):
    """Enqueues where no worker is; returns how long a job has waited at most for another process, and what was sent."""
    server = server_without_worker(world)
    worker = world.process("worker", name="waiting").start()
    worker.wait_until_ready()
    client, record, waits = world.client(server), Record(), []
    for number in range(1, 4):
        # Idle, so that nothing else wakes it.
        time.sleep(0.7)
        answer = enqueue(world, client, record, [world.http_job(number)], [number])
        world.expect(answer.verdict == ACCEPTED, f"job {number} is accepted")
        began = time.monotonic()
        world.ledger.wait_for(number)
        waits.append(time.monotonic() - began)
    world.expect(max(waits) <= 2.0, f"behind a pooler a job waited {max(waits):.1f} s for another process")
    world.wait_until_idle(30)
    world.stop(worker, server)
    return max(waits), record


ALL = {
    "pg-kills": kills,
    "pg-restart": restart,
    "pg-failover": failover,
    "pg-frozen": frozen,
    "pg-partition": partition,
    "pg-together": together,
    "pg-pooler": pooler,
}
