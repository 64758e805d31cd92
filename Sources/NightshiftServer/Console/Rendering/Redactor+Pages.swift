import Nightshift

// Pages are made of what the engine tells, and not of our JSON: what a reader may not see is taken out here, before a page
// is made of it.

extension Redactor {
  /// A job as this reader may see it.
  func shown(_ job: JobDetail) -> JobDetail {
    var shown = job
    // Documents first: texts are searched for what was hidden in them.
    learn(job)
    shown.payload = bytes(job.payload)
    shown.result = job.result.map(bytes)
    for index in shown.formerPayloads.indices {
      shown.formerPayloads[index].payload = bytes(job.formerPayloads[index].payload)
    }
    for index in shown.flow.steps.indices {
      shown.flow.steps[index].result = job.flow.steps[index].result.map(bytes)
      shown.flow.steps[index].error = job.flow.steps[index].error.map(text)
    }
    for index in shown.attempts.indices {
      shown.attempts[index].failure = job.attempts[index].failure.map { failure in
        Failure(type: failure.type, message: text(failure.message), detail: failure.detail.map(text))
      }
    }
    shown.logs = job.logs.map { self.shown($0) }
    shown.progress?.message = job.progress?.message.map(text)
    shown.summary.cancelReason = job.summary.cancelReason.map(text)
    shown.summary.tags = job.summary.tags.map(text)
    shown.limits.limitKey = job.limits.limitKey.map(text)
    shown.limits.hold?.key = job.limits.hold?.key.map(text)
    return shown
  }

  /// A line of a job that was shown or learnt before.
  func shown(_ line: LogLine) -> LogLine {
    var shown = line
    let answer = self.answer(["level": .string(line.level), "message": .string(line.message)])
    shown.message = answer["message"]?.stringValue ?? ""
    return shown
  }

  /// A question as this reader may see it.
  func shown(_ checkpoint: Checkpoint) -> Checkpoint {
    var shown = checkpoint
    shown.data = checkpoint.data.map(document)
    // What is hidden in the data could be tried out by it.
    if shown.data != checkpoint.data { shown.digest = "" }
    shown.answer = checkpoint.answer.map(document)
    shown.title = text(checkpoint.title)
    shown.body = text(checkpoint.body)
    for index in shown.decisions.indices {
      let record = checkpoint.decisions[index]
      let answer = self.answer(.fields(["changes": record.changes]))
      shown.decisions[index].changes = answer["changes"]
      shown.decisions[index].comment = record.comment.map(text)
    }
    return shown
  }

  private func bytes(_ document: [UInt8]) -> [UInt8] { self.document(JSONValue(stored: document)).serialized() }
}

extension JobDetail {
  /// As whoever asks may see it.
  var shown: JobDetail { Redactor.current?.shown(self) ?? self }
}

extension Checkpoint {
  /// As whoever asks may see it.
  var shown: Checkpoint { Redactor.current?.shown(self) ?? self }
}
