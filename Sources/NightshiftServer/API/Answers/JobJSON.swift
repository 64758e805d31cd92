import Nightshift

extension JSONValue {
  /// A job as lists show it.
  init(_ job: JobSummary) { self = .fields(Self.summaryFields(job)) }

  /// A job with everything that is known of it.
  init(_ job: JobDetail) {
    self = .fields(Self.detailFields(job, logs: job.logs))
  }

  /// A job with other log lines than its newest, for a stream that goes on where another broke off.
  init(_ job: JobDetail, logs: [LogLine]) { self = .fields(Self.detailFields(job, logs: logs)) }

  private static func summaryFields(_ job: JobSummary) -> [String: JSONValue?] {
    [
      "id": .string(job.id.description),
      "kind": .string(job.kind),
      "queue": .string(job.queue),
      "state": .string(job.state.rawValue),
      "priority": .string(job.priority.rawValue),
      "createdAt": JSONValue(job.createdAt),
      "runAt": JSONValue(job.runAt),
      "startedAt": job.startedAt.map { JSONValue($0) },
      "finishedAt": job.finishedAt.map { JSONValue($0) },
      "attempt": JSONValue(job.attempt),
      "failures": JSONValue(job.failures),
      "crashes": JSONValue(job.crashes),
      "maxAttempts": JSONValue(job.maxAttempts),
      "version": .integer(job.version),
      "hold": job.whyHeld.map { JSONValue($0) },
      "worker": job.worker.map { .string($0.description) },
      "cancelRequestedAt": job.cancelRequestedAt.map { JSONValue($0) },
      "cancelReason": job.cancelReason.map { .string($0) },
      "stuckAt": job.stuckAt.map { JSONValue($0) },
      "timeout": job.timeout.map { .string($0.text) },
      "organization": job.organization.map { .string($0) },
      "owner": job.owner.map { .string($0) },
      "traceparent": job.traceparent.map { .string($0) },
      "tags": .array(job.tags.map { .string($0) }),
    ]
  }

  private static func detailFields(_ job: JobDetail, logs: [LogLine]) -> [String: JSONValue?] {
    var fields = summaryFields(job.summary)
    fields["payload"] = JSONValue(stored: job.payload)
    fields["result"] = job.result.map { JSONValue(stored: $0) }
    fields["error"] = job.error.map { JSONValue($0) }
    fields["progress"] = job.progress.map { JSONValue($0) }
    fields["attempts"] = .array(job.attempts.map { JSONValue($0) })
    fields["logs"] = .array(logs.map { JSONValue($0) })
    fields["logCount"] = JSONValue(job.logCount)
    fields["artifacts"] = .array(job.artifacts.map { JSONValue($0, of: job.summary.id) })
    fields["steps"] = .array(job.flow.steps.map { JSONValue($0) })
    fields["waits"] = .array(job.flow.waits.map { JSONValue($0) })
    fields["signals"] = .array(job.flow.signals.map { JSONValue($0) })
    fields["signalCount"] = JSONValue(job.flow.signalCount)
    fields["forkedFrom"] = job.flow.origin.map { origin in
      .fields(["job": .string("\(origin)"), "step": job.flow.originStep.map(JSONValue.string)])
    }
    fields["formerPayloads"] = .array(job.formerPayloads.map { JSONValue($0) })
    fields["limitKey"] = job.limits.limitKey.map { .string($0) }
    // A pause of the queue outlasts what limits the queue, and goes before it.
    if let hold = job.limits.hold, job.summary.hold != nil || (fields["hold"] ?? nil) == nil {
      fields["hold"] = JSONValue(hold)
    }
    fields.merge(tieFields(job.ties)) { $1 }
    return fields
  }

  /// Why a job is not run whose turn has come.
  init(_ hold: JobHold) {
    self = .fields([
      "reason": .string(hold.reason.rawValue), "since": hold.since.map { JSONValue($0) },
      "until": hold.until.map { JSONValue($0) }, "by": hold.by.map { .string($0) },
      "detail": hold.detail.map { .string($0) },
    ])
  }

  init(_ failure: Failure) {
    self = .fields([
      "type": .string(failure.type), "message": .string(failure.message),
      "detail": failure.detail.map { .string($0) },
    ])
  }

  private init(_ progress: ProgressRecord) {
    self = .fields([
      "attempt": JSONValue(progress.attempt), "fraction": .number(progress.fraction),
      "message": progress.message.map { .string($0) }, "at": JSONValue(progress.at),
    ])
  }

  private init(_ attempt: AttemptRecord) {
    self = .fields([
      "attempt": JSONValue(attempt.attempt),
      "worker": .string(attempt.worker.description),
      "startedAt": attempt.startedAt.map { JSONValue($0) },
      "endedAt": JSONValue(attempt.endedAt),
      "outcome": .string(attempt.outcome),
      "error": attempt.failure.map { JSONValue($0) },
    ])
  }

  init(_ line: LogLine) {
    self = [
      "sequence": .integer(line.sequence), "attempt": JSONValue(line.attempt), "at": JSONValue(line.at),
      "level": .string(line.level), "message": .string(line.message),
    ]
  }

  private init(_ artifact: ArtifactRecord, of job: JobID) {
    self = [
      "name": .string(artifact.name), "type": .string(artifact.type), "size": JSONValue(artifact.size),
      "sha256": .string(artifact.sha256), "attempt": JSONValue(artifact.attempt),
      "createdAt": JSONValue(artifact.createdAt),
      "url": .string(Links.artifact(artifact.name, of: job)),
    ]
  }

  private init(_ former: FormerPayload) {
    self = [
      "version": .integer(former.version), "replacedAt": JSONValue(former.replacedAt),
      "payload": JSONValue(stored: former.payload),
    ]
  }
}
