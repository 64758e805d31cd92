"""What must be true at the end, whatever happened before. Each function returns what it found to be otherwise."""

from collections import Counter

from store import COMPLETED, STATES, job_id

SHOWN = 5
"""Examples that a violation names."""


def check_all(world, record):
    """All invariants for a finished, stopped store and what its clients were told."""
    jobs = world.store.jobs()
    world.violations += (
        promises_kept(record, jobs)
        + states_sane(jobs)
        + effects_happened(record, jobs, world.ledger, world.store)
        + dependants_waited(world.store)
        + books_agree(world.store, jobs)
        + nobody_blamed(world.store, jobs)
        + file_sound(world.store))


def examples(items):
    items = sorted(items)
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(str(item) for item in items[:SHOWN]) + more


def promises_kept(record, jobs):
    """Accepted jobs are there once, under the id that was told; refused ones are not; unknown ones wholly or not."""
    found = []
    rows = Counter(number for _, number, *_ in jobs)
    ids = {number: job for job, number, *_ in jobs}
    if lost := [number for number in record.accepted if rows[number] == 0]:
        told = examples(f"{number} ({record.accepted[number]})" for number in lost)
        found.append(f"{len(lost)} accepted jobs are not in the store: numbers {told}")
    if doubled := [number for number, count in rows.items() if count > 1]:
        found.append(f"{len(doubled)} jobs are in the store more than once: numbers {examples(doubled)}")
    if ghosts := [number for number in record.refused if rows[number] > 0]:
        found.append(f"{len(ghosts)} refused jobs are in the store: numbers {examples(ghosts)}")
    if strangers := [number for number in rows if number not in record.sent]:
        found.append(f"{len(strangers)} jobs are in the store that nobody sent: numbers {examples(strangers)}")
    wrong = [number for number, told in record.accepted.items() if number in ids and ids[number] != job_id(told)]
    if wrong:
        found.append(f"{len(wrong)} jobs have another id than their client was told: numbers {examples(wrong)}")
    torn = [numbers for numbers in record.unknown if 0 < sum(rows[number] > 0 for number in numbers) < len(numbers)]
    if torn:
        found.append(f"{len(torn)} batches without an answer are in the store in part: {examples(torn)}")
    return found


def states_sane(jobs):
    wrong = Counter(STATES[state] for _, _, _, state, *_ in jobs if state != COMPLETED)
    return [f"{count} jobs ended as {state}, not completed" for state, count in wrong.items()]


def effects_happened(record, jobs, ledger, store):
    """Each job has an effect; none was begun more often than the store knows; repeats come from kills alone."""
    found = []
    effects, begun = ledger.effects(), ledger.begun()
    if idle := [number for _, number, _, state, *_ in jobs if state == COMPLETED and effects[number] == 0]:
        found.append(f"{len(idle)} jobs are recorded completed without an effect: numbers {examples(idle)}")
    attempts = {number: attempt for _, number, _, _, attempt, *_ in jobs}
    if wild := [number for number, count in begun.items() if count > attempts.get(number, 0)]:
        found.append(f"{len(wild)} jobs were begun more often than they have attempts: numbers {examples(wild)}")
    repeats = sum(count - 1 for count in begun.values() if count > 1)
    # One that was claimed and given back before it began has a further attempt as well, but nothing was lost.
    again = store.query("SELECT count(*) FROM nightshift_attempts WHERE outcome = 'lost'")[0][0]
    if record.in_flight is not None:
        if repeats > record.in_flight:
            found.append(f"{repeats} repeats, but only {record.in_flight} jobs were in flight at the kills")
        if again > record.in_flight:
            found.append(f"{again} attempts were lost, but only {record.in_flight} jobs were in flight at the kills")
    record.repeats = repeats
    return found


def dependants_waited(store):
    """Nobody waits for a job that has ended, and nobody has begun before the jobs that he waits for had ended."""
    found = []
    stuck = store.query("SELECT count(*) FROM nightshift_dependencies WHERE state = 0 OR outcome IS NULL")[0][0]
    if stuck:
        found.append(f"{stuck} jobs wait for jobs that have ended")
    early = store.query(
        """SELECT d.job FROM nightshift_dependencies d JOIN nightshift_jobs a ON a.id = d.depends_on
           JOIN nightshift_jobs b ON b.id = d.job WHERE b.started_at < a.finished_at LIMIT 5""")
    if early:
        found.append(f"jobs have begun before those that they wait for had ended: {examples(job for job, in early)}")
    return found


def books_agree(store, jobs):
    """Counters and roll-ups, which are kept beside the jobs, tell what a recount tells."""
    found = []
    counted = {(queue, state): n for queue, state, n in store.query(
        "SELECT queue, state, sum(n) FROM nightshift_counters GROUP BY queue, state HAVING sum(n) <> 0")}
    recount = {(queue, state): n for queue, state, n in store.query(
        "SELECT queue, state, count(*) FROM nightshift_jobs GROUP BY queue, state")}
    for key in sorted(counted.keys() | recount.keys()):
        if counted.get(key, 0) != recount.get(key, 0):
            queue, state = key
            found.append(
                f"the counter of {STATES[state]} jobs in queue {queue} is {counted.get(key, 0)}, "
                f"a recount gives {recount.get(key, 0)}")
    rolled = store.query("SELECT coalesce(sum(enqueued), 0), coalesce(sum(completed), 0) FROM nightshift_rollups")[0]
    completed = sum(state == COMPLETED for _, _, _, state, *_ in jobs)
    if rolled[0] != len(jobs):
        found.append(f"the roll-ups count {rolled[0]:.0f} enqueued jobs, there are {len(jobs)}")
    if rolled[1] != completed:
        # A roll-up is counted with each recorded completion, so this is also: completed exactly once.
        found.append(f"{rolled[1]:.0f} completions were recorded for {completed} completed jobs")
    if orphans := store.query(
            "SELECT count(*) FROM nightshift_payloads WHERE id NOT IN (SELECT id FROM nightshift_jobs)")[0][0]:
        found.append(f"{orphans} payloads belong to no job")
    if bare := [number for _, number, *_ in jobs if number is None]:
        found.append(f"{len(bare)} jobs have no payload, or one without a number")
    return found


def nobody_blamed(store, jobs):
    """A kill from outside is no failure and no crash of a job."""
    found = []
    failed = store.query("SELECT count(*) FROM nightshift_attempts WHERE outcome NOT IN ('lost', 'interrupted')")
    if failed[0][0]:
        outcomes = store.query(
            """SELECT outcome, error_type, error_message, count(*) FROM nightshift_attempts
               WHERE outcome NOT IN ('lost', 'interrupted') GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 5""")
        found.append(f"{failed[0][0]} attempts did not simply succeed: {outcomes}")
    if failures := sum(failures for *_, failures, _, _ in jobs):
        found.append(f"{failures} failures were counted, though no job fails")
    if crashes := sum(crashes for *_, crashes, _ in jobs):
        found.append(f"{crashes} crashes were counted, though no job's handler broke its process")
    return found


def file_sound(store):
    return [f"integrity_check: {problem}" for problem in store.problems()[:SHOWN]]
