import Nightshift

extension LiveMessage {
  /// A stored line, as it was sent when it was written. The handler's own events are among them.
  init(_ line: LogLine, of job: JobSummary, id: String) {
    let custom = line.level == "event" ? JSONValue(stored: Array(line.message.utf8)) : .null
    let body: Event.Body =
      if let name = custom["name"]?.stringValue {
        .custom(name: name, data: custom["data"] ?? .null)
      } else {
        .log(sequence: line.sequence, level: line.level, message: line.message)
      }
    self.init(
      Event(job: job.id, kind: job.kind, queue: job.queue, attempt: line.attempt, at: line.at, body: body),
      id: id)
  }

  /// Progress that was stored.
  init(_ progress: ProgressRecord, of job: JobSummary, id: String) {
    self.init(
      Event(
        job: job.id, kind: job.kind, queue: job.queue, attempt: progress.attempt, at: progress.at,
        body: .progress(fraction: progress.fraction, message: progress.message)),
      id: id)
  }

  init(_ event: Event, id: String) {
    var data: [String: JSONValue] = [
      "job": .string(event.job.description), "kind": .string(event.kind), "queue": .string(event.queue),
      "attempt": JSONValue(event.attempt), "at": JSONValue(event.at),
    ]
    let type: String
    switch event.body {
    case .state(let state, let version):
      type = "state"
      data["state"] = .string(state.rawValue)
      data["version"] = .integer(version)
    case .progress(let fraction, let message):
      type = "progress"
      data["fraction"] = .number(fraction)
      if let message { data["message"] = .string(message) }
    case .log(let sequence, let level, let message):
      type = "log"
      data["sequence"] = .integer(sequence)
      data["level"] = .string(level)
      data["message"] = .string(message)
    case .signal(let name, let sender):
      type = "signal"
      data["name"] = .string(name)
      data["by"] = .string(sender)
    case .checkpoint(let id, let key, let title, let state, let verdict, let by):
      type = "checkpoint"
      data["checkpoint"] = .string("\(id)")
      data["key"] = .string(key)
      data["title"] = .string(title)
      data["state"] = .string(state.rawValue)
      data["verdict"] = verdict.map(JSONValue.string)
      data["by"] = .string(by)
    case .custom(let name, let value):
      type = "event"
      data["name"] = .string(name)
      data["data"] = value
    }
    self.init(type: type, id: id, data: .object(data), at: event.at)
  }
}
