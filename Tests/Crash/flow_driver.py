"""Enqueues jobs that take steps and wait, and knows what each of them is to do."""

from client import ACCEPTED
from driver import Driver

CHILD = 900_000_000
"""A parent's number and this make its child's."""
SHOWN = 40
"""So many jobs are under way at most."""

# As the other script, Bash alone. It may kill the server that runs it, which is its parent, at a point that its payload
# names; in the first attempt only.
FLOW_SCRIPT = r"""#!/bin/bash
read -r payload
[[ $payload =~ \"number\":([0-9]+) ]] || exit 64
number=${BASH_REMATCH[1]}
attempt=$NIGHTSHIFT_ATTEMPT
context=$(<"$NIGHTSHIFT_CONTEXT")
note() { echo "$1 $number $attempt ${2:+$2 }$EPOCHREALTIME" >>"$LEDGER"; }
die() {
  if [[ $attempt == 1 && $payload == *"\"die\":\"$1\""* ]]; then kill -9 $PPID; sleep 60; fi
}
step() {
  if [[ $context =~ \"steps\":\ *\{[^}]*\"$1\": ]]; then return; fi
  die "$1-before"
  note step-begin "$1"
  die "$1-inside"
  if [[ $payload =~ \"pause\":([0-9.]+) ]]; then sleep "${BASH_REMATCH[1]}"; fi
  note step-end "$1"
  die "$1-done"
  echo "{\"\$step\": \"$1\", \"result\": 1}"
  die "$1-said"
}
note begin
step first
if [[ $payload == *'"wait":"signal"'* ]]; then
  if ! [[ $context =~ \"signals\":\ *\{[^}]*\"go\":\ *([0-9]+) ]]; then
    echo '{"$signal": "go"}'
    die signal-asked
    exit 75
  fi
  note signal "go ${BASH_REMATCH[1]}"
fi
if [[ $payload == *'"wait":"checkpoint"'* ]]; then
  if [[ $context =~ \"send\":\ *\{[^}]*\"state\":\ *\"rejected\" ]]; then
    note refused send
    exit 0
  fi
  if ! [[ $context =~ \"send\":\ *\{[^}]*\"state\":\ *\"approved\" ]]; then
    echo '{"$checkpoint": {"key": "send", "title": "Send it?"}}'
    die checkpoint-asked
    exit 75
  fi
  note approved send
fi
step second
note done
die settling
"""

FLOW_MANIFEST = """description: Takes two steps, and may wait between them
command: [./run.sh]
timeout: 10m
environment:
  LEDGER: ~
"""


def flow_job(number, acts, death=None):
    payload = {"number": number, "acts": acts}
    if death:
        payload["death"] = death
    return {"kind": "flow", "payload": payload}


class FlowDriver(Driver):
    """Threads that enqueue until they are stopped. Which jobs, depends on the seed alone."""

    def __init__(self, world, server, seed):
        super().__init__(world, [server], f"{seed}/flow", threads=3)
        self.early = {}
        """The ids of jobs that want a signal, by number, for whoever sends it before they wait."""

    def _must_wait(self):
        return self.world.store.unfinished() > SHOWN

    def _answered(self, numbers, jobs, answer):
        super()._answered(numbers, jobs, answer)
        if answer.verdict == ACCEPTED:
            wanted = {number for number, job in zip(numbers, jobs) if wants_signal(job)}
            self.early.update((number, told) for number, told in zip(numbers, answer.ids) if number in wanted)

    def _tied(self, jobs, rng):
        return jobs

    def _job(self, number, rng):
        if rng.random() < 0.25:
            payload = {"number": number, "pause": round(rng.uniform(0.01, 0.2), 2)}
            if rng.random() < 0.7:
                payload["wait"] = rng.choice(("signal", "checkpoint"))
            return {"kind": "script-flow", "payload": payload}
        pause = {"seconds": round(rng.uniform(0.0, 0.15), 3)}
        acts = [
            {"kind": "step", "name": "one", **pause},
            {"kind": "once", "name": "only", **pause},
            {"kind": "sleep", "seconds": round(rng.uniform(0.05, 1.0), 2)},
            {"kind": "signal", "name": "go"},
            {"kind": "approval", "name": "send"},
            {"kind": "child", "number": CHILD + number},
            {"kind": "inform", "name": "all"},
            {"kind": "step", "name": "two", **pause},
        ]
        return flow_job(number, rng.sample(acts, rng.randint(2, len(acts))))


def wants_signal(job):
    payload = job["payload"]
    return payload.get("wait") == "signal" or any(act["kind"] == "signal" for act in payload.get("acts", []))
