import Logging

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

  /// Tells subscribers of a question or of an answer.
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

  /// Tells subscribers of questions that jobs have asked, or that nobody has answered in time. Called from the store's
  /// thread, which must not wait for what is read here.
  func tellLater(of questions: [CheckpointID]) {
    // Ends by itself, after one short read for each.
    Task {
      for id in questions {
        do {
          guard let checkpoint = try await checkpoint(id) else { continue }
          // Whoever has answered meanwhile has told of it.
          guard checkpoint.state == .pending || checkpoint.state == .expired else { continue }
          await tell(checkpoint, by: .system, at: clock.now)
        } catch {
          logger.debug("subscribers could not be told of a question", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  private func tell(_ event: Event) async {
    if events.isListened { events.publish([event]) }
    await foreignEvents.tell(event)
  }
}
