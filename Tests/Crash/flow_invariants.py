"""What must be true of jobs with steps, waits and checkpoints, and of slots, whatever was killed."""

from collections import Counter, defaultdict

from flow_driver import CHILD
from invariants import books_agree, dependants_waited, examples, file_sound, promises_kept
from store import CANCELLED, COMPLETED, STATES, job_id

SECOND = 1_000_000


def check_flow(world, record, answerer, kept):
    """All invariants for a finished, stopped store, what its clients were told, and what was seen of it meanwhile."""
    store = world.store
    jobs = store.jobs()
    told = [row for row in jobs if 0 < row[1] < CHILD]
    ledger = FlowLedger(world.ledger.path)
    numbers = {row[0]: row[1] for row in jobs}
    world.violations += (
        promises_kept(record, told)
        + ended_as_decided(store, told)
        + dependants_waited(store)
        + books_agree(store, jobs)
        + attempts_explained(store, jobs)
        + steps_once(store, ledger, numbers)
        + kept_stays(store, kept)
        + questions_once(store, answerer)
        + signals_came(ledger, store, answerer)
        + children_once(store, ledger, jobs)
        + slots_once(store)
        + file_sound(store))


class FlowLedger:
    """What the jobs noted: for each word the attempts, by number and name."""

    def __init__(self, path):
        self.attempts = defaultdict(lambda: defaultdict(list))
        self.values = defaultdict(set)
        with open(path, encoding="utf-8") as file:
            for line in file:
                word, number, attempt, *rest = line.split()
                name = rest[0] if len(rest) > 1 else ""
                self.attempts[word][int(number), name].append(int(attempt))
                if word in ("signal", "child") and len(rest) > 1:
                    self.values[word, int(number)].add(rest[-2])

    def of(self, word):
        return self.attempts[word]


def ended_as_decided(store, jobs):
    """A job is completed; where somebody has said no it is cancelled, unless it is a script, which sees to it."""
    refused = {job for job, in store.query("SELECT job FROM nightshift_checkpoints WHERE state = 'rejected'")}
    wrong = [
        f"{number} {STATES[state]}" for job, number, kind, state, *_ in jobs
        if state != (CANCELLED if job in refused and kind == "flow" else COMPLETED)]
    return [f"{len(wrong)} jobs ended otherwise than was decided: {examples(wrong)}"] if wrong else []


def attempts_explained(store, jobs):
    """Each attempt but the last was parked or lost, each wait has parked its job once, and nobody is blamed."""
    found = []
    outcomes = defaultdict(Counter)
    for job, outcome, count in store.query(
            "SELECT job, outcome, count(*) FROM nightshift_attempts GROUP BY job, outcome"):
        outcomes[job][outcome] = count
    waits = dict(store.query("SELECT job, count(*) FROM nightshift_waits GROUP BY job"))
    for job, number, _, state, attempt, failures, crashes, _ in jobs:
        of_job = outcomes[job]
        if odd := of_job.keys() - {"parked", "lost", "interrupted", "cancelled"}:
            found.append(f"attempts of job {number} ended as {odd}")
        if failures or crashes:
            found.append(f"job {number} has {failures} failures and {crashes} crashes, and has done nothing wrong")
        before = sum(of_job.values()) - of_job["cancelled"]
        if attempt != before + 1:
            found.append(f"job {number} had {attempt} attempts, of which {dict(of_job)} are explained")
        if of_job["parked"] != waits.get(job, 0):
            found.append(f"job {number} was parked {of_job['parked']} times for {waits.get(job, 0)} waits")
    open_waits = store.query("SELECT count(*) FROM nightshift_waits WHERE state = 0")[0][0]
    if open_waits:
        found.append(f"{open_waits} waits are open, though all jobs are over")
    return found


def steps_once(store, ledger, numbers):
    """A step that was recorded never ran again; one that must not run twice did so only where a person has said so."""
    found = []
    begun, ended, kept = ledger.of("step-begin"), ledger.of("step-end"), ledger.of("step-kept")
    for place, attempts in kept.items():
        if len(attempts) > 1 or any(attempt > attempts[0] for attempt in begun[place]):
            found.append(f"step {place} was recorded in attempts {attempts}, and begun in {begun[place]}")
    stored = store.query("SELECT job, key, attempt, type FROM nightshift_steps WHERE state = 1 AND type <> 'child'")
    for job, key, attempt, kind in stored:
        place = (numbers.get(job), key)
        if any(later > attempt for later in begun[place]):
            found.append(f"step {place} is recorded in attempt {attempt}, and was begun in {begun[place]}")
        is_decided = (kind or "").startswith("decided by")
        if not is_decided and (attempt not in begun[place] or attempt not in ended[place]):
            found.append(f"step {place} is recorded in attempt {attempt}, which has not done it")
    again = Counter()
    for job, key in store.query(
            "SELECT job, key FROM nightshift_checkpoints WHERE type = 'error' AND choice = 'again'"):
        again[numbers.get(job), key.partition("!")[0]] += 1
    for place, attempts in begun.items():
        if place[1] == "only" and len(attempts) > 1 + again[place]:
            found.append(f"{place} was begun in attempts {attempts}, and {again[place]} times allowed again")
    return found


def kept_stays(store, kept):
    """What a kill has left on disk of a step is there to the end."""
    now = {(job, key): attempt for job, key, attempt in store.query(
        "SELECT job, key, attempt FROM nightshift_steps WHERE state = 1")}
    return [
        f"step {key} of {job} was recorded in attempt {attempt}, and is now of {now.get((job, key))}"
        for (job, key), attempt in kept.items() if now.get((job, key)) != attempt]


def questions_once(store, answerer):
    """Each question exists once, and was decided once: the one who was told that he decided it."""
    found = []
    asked = store.query("SELECT job, key, count(*) FROM nightshift_checkpoints GROUP BY job, key HAVING count(*) > 1")
    if asked:
        found.append(f"{len(asked)} questions exist more than once: {examples(asked)}")
    decided = store.query(
        """SELECT c.id, c.state, (SELECT count(*) FROM nightshift_decisions d WHERE d.checkpoint = c.id)
           FROM nightshift_checkpoints c WHERE c.type <> 'info'""")
    wrong = [(state, count) for _, state, count in decided if state not in ("approved", "rejected") or count != 1]
    if wrong:
        found.append(f"{len(wrong)} questions were not decided once: {examples(wrong)}")
    if twice := [checkpoint for checkpoint, count in answerer.decided.items() if count > 1]:
        found.append(f"two were told that their decision counts: {examples(twice)}")
    known = {checkpoint for checkpoint, *_ in decided}
    if lost := [told for told in answerer.decided if job_id(told.replace("chk_", "job_")) not in known]:
        found.append(f"{len(lost)} questions that were decided are not there: {examples(lost)}")
    return found


def signals_came(ledger, store, answerer):
    """Whoever waited for a signal got what was sent to him."""
    found = []
    strange = [
        number for (word, number), values in ledger.values.items() if word == "signal" and values != {str(number)}]
    if strange:
        found.append(f"{len(strange)} jobs got a signal that was not theirs: {examples(strange)}")
    over = {job for job, in store.query("SELECT id FROM nightshift_jobs WHERE state = 5")}
    lost = [
        number for job, number in answerer.early_sent.items()
        if job in over and ("signal", number) not in ledger.values]
    if lost:
        found.append(f"{len(lost)} jobs are completed without the signal that was sent to them: {examples(lost)}")
    return found


def children_once(store, ledger, jobs):
    """A parent has one child, which has completed before the parent went on."""
    found = []
    children = Counter(number for _, number, *_ in jobs if number > CHILD)
    if twice := [number for number, count in children.items() if count > 1]:
        found.append(f"{len(twice)} children were enqueued more than once: {examples(twice)}")
    states = {number: state for _, number, _, state, *_ in jobs if number > CHILD}
    for (word, number), values in ledger.values.items():
        ends = [states.get(int(value)) for value in values] if word == "child" else [COMPLETED]
        if ends != [COMPLETED]:
            found.append(f"job {number} went on with {values}, whose states are {ends}")
    done = ledger.of("done")
    if idle := [number for number, state in states.items() if state == COMPLETED and not done[number, ""]]:
        found.append(f"{len(idle)} children are completed without an effect: {examples(idle)}")
    if orphans := [number for number in states if not any(row[1] == number - CHILD for row in jobs)]:
        found.append(f"{len(orphans)} children have no parent: {examples(orphans)}")
    return found


def slots_once(store):
    """A slot was fired once, none is missing between the first and the last, and each has one job, which is over."""
    found = []
    slots = defaultdict(list)
    rows = store.query(
        """SELECT s.schedule, s.at, s.outcome, s.job, j.state FROM nightshift_slots s
           LEFT JOIN nightshift_jobs j ON j.id = s.job ORDER BY s.schedule, s.at""")
    for schedule, at, outcome, job, state in rows:
        slots[schedule].append(at)
        if outcome != "enqueued" or state != COMPLETED:
            found.append(f"slot {at} of {schedule} is {outcome}, its job {job} {state}")
    for schedule, times in slots.items():
        missing = [at for at in range(times[0], times[-1], SECOND) if at not in set(times)]
        if missing or len(times) != len(set(times)):
            found.append(f"of the slots of {schedule} {len(missing)} are missing: {examples(missing)}")
    fired = store.query("SELECT count(*), count(DISTINCT job) FROM nightshift_slots")[0]
    enqueued = store.query("SELECT count(DISTINCT job) FROM nightshift_tags WHERE tag LIKE 'schedule:%'")[0][0]
    if not fired[0] == fired[1] == enqueued:
        found.append(f"{fired[0]} slots have {fired[1]} jobs, and schedules have enqueued {enqueued}")
    return found
