// Told by the process that has written it, in a transaction of its own. Nothing depends on them: whoever has missed one
// learns of the same change by the job's state.

extension Engine {
  /// Tells subscribers of a signal.
  func tell(_ name: String, sentTo job: JobRow, by actor: Actor, at now: Timestamp) async {
    await tell(
      Event(
        job: job.id, kind: job.kind, queue: job.queue, attempt: job.attempt, at: now,
        body: .signal(name: name, by: actor.id)))
  }

  /// Tells subscribers of a question that was asked from outside, or of an answer.
  func tell(_ checkpoint: Checkpoint, by actor: Actor, at now: Timestamp) async {
    // The newest answer; a question has none yet.
    let verdict = checkpoint.decisions.last?.verdict
    await tell(
      Event(
        job: checkpoint.job, kind: checkpoint.kind, queue: checkpoint.queue, attempt: checkpoint.attempt, at: now,
        body: .checkpoint(
          checkpoint.id, key: checkpoint.key, title: checkpoint.title, checkpoint.state, verdict: verdict,
          by: actor.id)))
  }

  private func tell(_ event: Event) async {
    if events.isListened { events.publish([event]) }
    await foreignEvents.tell(event)
  }
}
