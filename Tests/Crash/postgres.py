"""The scenarios on PostgreSQL: a fleet of servers and workers, whose processes, connections and database are killed."""

import os
import pathlib
import random
import subprocess
import time

from client import ACCEPTED
from driver import Driver, Record
from invariants import check_all
from process import LEASE
from scenarios import Skipped, enqueue

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"


class Cluster:
    """A private PostgreSQL in a folder of its own."""

    def __init__(self, world, name="postgres"):
        self.folder = world.folder / name
        world.databases.append(self)

    def run(self, command, *arguments, timeout=120):
        answer = subprocess.run(
            [SCRIPTS / "postgres", command, self.folder, *arguments], capture_output=True, text=True, timeout=timeout,
            check=False)
        if answer.returncode != 0:
            raise RuntimeError(f"scripts/postgres {command}: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def start(self, *arguments):
        self.url = self.run("start", *arguments)
        return self

    def restart_after_crash(self):
        self.run("restart", "--mode", "immediate")

    def lose_power(self):
        self.run("kill")
        self.run("start")

    def query(self, sql):
        return self.run("psql", "-U", "postgres", "-Atqc", sql)

    def stop(self):
        subprocess.run([SCRIPTS / "postgres", "stop", self.folder], capture_output=True, timeout=120, check=False)


class Fleet:
    """Two servers and two workers on one database, with clients that go on enqueueing."""

    def __init__(self, world, options, name):
        self.world = world
        self.rng = random.Random(f"{options.seed}/{name}")
        self.seconds = 20 if options.is_short else min(options.seconds, 300)
        self.servers = [world.process("serve", name=f"server-{number}") for number in (1, 2)]
        self.workers = [world.process("worker", name=f"worker-{number}") for number in (1, 2)]
        self.driver = None
        self.kills = 0

    @property
    def processes(self):
        return self.servers + self.workers

    def start(self):
        for process in self.processes:
            process.start().wait_until_ready()
        self.driver = Driver(self.world, self.servers, self.rng.random())
        self.driver.start()

    def go_on(self, troubles, pause=(1.0, 4.0)):
        """One trouble after the other until the time is over."""
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(self.rng.uniform(*pause))
            self.rng.choice(troubles)()

    def kill_some(self):
        """Kills one or two processes at the same moment, notes what they had in hand, and starts them again."""
        victims = self.rng.sample(self.processes, self.rng.choice((1, 1, 2)))
        for process in victims:
            process.freeze()
        for process in victims:
            in_flight = self.world.store.in_flight(process.pid)
            process.kill()
            in_flight |= self.world.store.in_flight(process.pid)
            self.kills += 1
            if self.driver.record.in_flight is not None:
                self.driver.record.in_flight += len(in_flight)
        time.sleep(self.rng.uniform(0.0, 1.0))
        for process in victims:
            process.start()
        for process in victims:
            process.wait_until_ready()

    def finish(self, note=""):
        world, record = self.world, self.driver.record
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
            f"{record.replayed} calls made again under their key, {record.repeats} repeats")


def kills(world, options):
    """Servers and workers on PostgreSQL are killed again and again; nothing is lost, nothing is done twice unseen."""
    world.use_postgres(Cluster(world).start().url)
    fleet = Fleet(world, options, "pg-kills")
    fleet.start()
    fleet.go_on([fleet.kill_some], pause=(0.5, 2.5))
    fleet.finish()


def restarts(world, options):
    """The database crashes, loses power and ends connections in mid-run; work resumes by itself."""
    cluster = Cluster(world).start()
    world.use_postgres(cluster.url)
    fleet = Fleet(world, options, "pg-restarts")
    troubles = {"crashes": 0, "power cuts": 0, "cuts": 0}

    def count(name, trouble):
        def counted():
            troubles[name] += 1
            trouble()
        return counted

    def cut():
        # Some, as a firewall or an administrator does, in whatever they are doing.
        cluster.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'nightshift' AND random() < 0.4")

    fleet.start()
    # Leases may end while the database is away: how often a job is begun again cannot be told.
    fleet.driver.record.in_flight = None
    fleet.go_on([
        count("crashes", cluster.restart_after_crash), count("power cuts", cluster.lose_power), count("cuts", cut),
        count("cuts", cut), fleet.kill_some])
    fleet.finish(f"{troubles}, ")


def failover(world, options):
    """The primary dies while work is running; its synchronous standby takes over and nothing accepted is missing."""
    primary, standby = Cluster(world, "primary").start(), Cluster(world, "standby")
    standby.run("standby", primary.folder)
    both = subprocess.run(
        [SCRIPTS / "postgres", "url", primary.folder, standby.folder], check=True, capture_output=True,
        text=True).stdout.strip()
    world.use_postgres(both)
    fleet = Fleet(world, options, "pg-failover")
    fleet.start()
    fleet.driver.record.in_flight = None
    warns_of_asynchronous_replicas(world, primary)
    time.sleep(5 if options.is_short else 20)
    before = len(fleet.driver.record.accepted)
    primary.run("kill")
    began = time.monotonic()
    standby.run("promote")
    # A promoted standby names none of its own, and waits for nobody.
    world.wait_until(
        lambda: len(fleet.driver.record.accepted) > before + 20, "jobs are accepted again after the failover", 30)
    back = time.monotonic() - began
    time.sleep(5 if options.is_short else 20)
    fleet.finish(f"accepting again {back:.1f} s after the primary died, ")


def warns_of_asynchronous_replicas(world, primary):
    command = [str(world.binary), "doctor", "--data", str(world.data), "--jobs", str(world.jobs)]
    environment = os.environ | {"DATABASE_URL": world.database_url}

    def doctor():
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout

    world.expect("1 synchronous" in doctor(), "doctor sees the synchronous standby")
    names = primary.query("SHOW synchronous_standby_names")
    primary.query("ALTER SYSTEM SET synchronous_standby_names = ''")
    primary.query("SELECT pg_reload_conf()")
    world.wait_until(
        lambda: "synchronous_standby_names" in doctor(), "doctor warns that no replica is synchronous", 10)
    primary.query(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    primary.query("SELECT pg_reload_conf()")
    world.wait_until(lambda: "1 synchronous" in doctor(), "doctor sees that it is synchronous again", 10)


def frozen(world, _):
    """A worker frozen past its lease: its jobs run elsewhere, and its late results are refused."""
    world.use_postgres(Cluster(world).start().url)
    server, worker = world.process("serve", environment={"AUTOPILOT_WORKER_AUTO_START": "false"}), world.process("worker")
    server.start().wait_until_ready()
    worker.start().wait_until_ready()
    taken_over(world, server, worker, cut=worker.freeze, join=worker.thaw)


def partition(world, _):
    """A worker whose host is cut off from the database past its lease: it cancels its handlers, others run the jobs."""
    if os.geteuid() != 0:
        raise Skipped("network namespaces need root")
    if os.environ.get("NIGHTSHIFT_HOSTS") != "far":
        return partition_within_hosts(world)
    hub = subprocess.run(
        [SCRIPTS / "netns", "address", "hub"], check=True, capture_output=True, text=True).stdout.strip()
    cluster = Cluster(world).start("--allow", "10.213.0.0/24", "--set", f"listen_addresses=127.0.0.1,{hub}")
    world.use_postgres(cluster.url)
    server = world.process("serve", environment={"AUTOPILOT_WORKER_AUTO_START": "false"})
    server.start().wait_until_ready()
    worker = world.process(
        "worker", prefix=[str(SCRIPTS / "netns"), "run", "far"],
        environment={"DATABASE_URL": cluster.url.replace("127.0.0.1", hub)})
    worker.start().wait_until_ready()

    def switch(verb):
        subprocess.run([SCRIPTS / "netns", verb, "far"], check=True, timeout=30)

    taken_over(world, server, worker, cut=lambda: switch("cut"), join=lambda: switch("join"), cancels=True)


def partition_within_hosts(world):
    """Runs this scenario once more, on several hosts."""
    netns = [str(SCRIPTS / "netns"), "with", "far", "--"]
    probe = subprocess.run([*netns, "true"], capture_output=True, text=True, timeout=30, check=False)
    if probe.returncode != 0:
        raise Skipped(f"network namespaces are not permitted here: {probe.stderr.strip()}")
    answer = subprocess.run(
        [*netns, str(SCRIPTS / "crash-test"), "pg-partition", "--binary", str(world.binary)],
        env=os.environ | {"NIGHTSHIFT_HOSTS": "far"}, capture_output=True, text=True, timeout=300, check=False)
    world.expect(answer.returncode == 0, f"on several hosts: {answer.stdout}{answer.stderr}")


def taken_over(world, server, worker, cut, join, cancels=False):
    """A job is under way on the worker while it is cut off past its lease; another worker runs it."""
    client, record = world.client(server), Record()
    record.in_flight = 1
    gate = world.ledger.hold(1)
    record.sending([1])
    answer = client.enqueue([world.script_job(1, pause=LEASE * 5)] if cancels else [world.http_job(1)])
    record.answered([1], answer)
    world.ledger.wait_for(1)
    cut()
    other = world.process("worker", name="other").start()
    other.wait_until_ready()
    world.ledger.wait_for(1, count=2, seconds=LEASE * 6)
    if cancels:
        world.wait_until(
            lambda: "cancelling all handlers" in worker.log.read_text(errors="replace"),
            "the worker that was cut off has cancelled its handlers", LEASE * 2)
    gate.set()
    world.wait_until_idle(60)
    join()
    record.sending([2])
    answer = client.enqueue([world.http_job(2)])
    record.answered([2], answer)
    world.expect(answer.verdict == ACCEPTED, "jobs are accepted after the worker has come back")
    world.wait_until_idle(60)
    world.wait_until(lambda: worker.pid in world.store.workers(), "the worker that came back is listed anew", 30)
    attempts = world.store.query("SELECT attempt, outcome FROM nightshift_attempts ORDER BY attempt")
    world.expect(attempts == [(1, "lost")], f"the first attempt is recorded as lost, and nothing else: {attempts}")
    world.stop(server, worker, other)
    check_all(world, record)


def together(world, _):
    """Migrators, promoters and reapers at the same moment: each effect happens once."""
    cluster = Cluster(world).start()
    world.use_postgres(cluster.url)
    fleet = [world.process("serve", name=f"server-{number}") for number in range(1, 5)]
    for process in fleet:
        process.start()
    for process in fleet:
        process.wait_until_ready()
    twice = world.store.query("SELECT count(*) - count(DISTINCT (module, number)) FROM nightshift_migrations")[0][0]
    world.expect(twice == 0, f"{twice} steps of the schema were taken twice")
    client, record = world.client(fleet[0]), Record()
    # All due at the same moment, and every process promotes.
    for number in range(1, 401):
        enqueue(world, client, record, [world.http_job(number, delay="4s")], [number])
    gates = [world.ledger.hold(number) for number in range(1001, 1009)]
    world.wait_until_idle(60)
    record.in_flight = 0
    # A worker dies with jobs in hand, and three processes see it at once.
    for number in range(1001, 1009):
        enqueue(world, client, record, [world.http_job(number)], [number])
    for number in range(1001, 1009):
        world.ledger.wait_for(number)
    victim = max(fleet[1:], key=lambda process: len(world.store.in_flight(process.pid)))
    victim.freeze()
    record.in_flight = len(world.store.in_flight(victim.pid))
    victim.kill()
    for gate in gates:
        gate.set()
    world.wait_until_idle(60)
    lost = world.store.query("SELECT count(*) FROM nightshift_attempts WHERE outcome = 'lost'")[0][0]
    world.expect(
        lost == record.in_flight, f"{record.in_flight} jobs were in hand, and {lost} were taken back")
    fleet.remove(victim)
    world.stop(*fleet)
    check_all(world, record)
    world.note(f"{len(record.accepted)} accepted, {lost} taken back from a dead worker that three others saw")


def pooler(world, options):
    """All processes go through PgBouncer in transaction mode, which is killed in mid-run."""
    cluster, bouncer = Cluster(world).start(), Cluster(world, "pooler")
    bouncer.url = bouncer.run("pooler", cluster.folder)
    world.use_postgres(bouncer.url, asked_at=cluster.url)
    fleet = Fleet(world, options, "pg-pooler")
    fleet.start()
    fleet.driver.record.in_flight = None

    def lose_the_pooler():
        bouncer.run("kill")
        bouncer.run("start")

    fleet.go_on([lose_the_pooler, fleet.kill_some], pause=(2.0, 5.0))
    fleet.finish()
    words = "a pooler stands before PostgreSQL"
    said = fleet.servers[0].log.read_text(errors="replace").count(words)
    world.expect(said >= 1, "the log says that a pooler stands between")


ALL = {
    "pg-kills": kills, "pg-restarts": restarts, "pg-failover": failover, "pg-frozen": frozen,
    "pg-partition": partition, "pg-together": together, "pg-pooler": pooler,
}
