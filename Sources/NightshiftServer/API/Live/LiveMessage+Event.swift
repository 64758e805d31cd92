import Nightshift

extension LiveMessage {
  /// A stored line: the handler's own events are among them.
  init(_ line: LogLine, id: String) {
    self.init(type: "log", id: id, data: JSONValue(line))
    guard line.level == "event", let event = JSONValue(stored: Array(line.message.utf8)).objectValue else {
      return
    }
    type = "event"
    data = .fields([
      "attempt": JSONValue(line.attempt), "at": JSONValue(line.at), "name": event["name"],
      "data": event["data"],
    ])
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
    case .custom(let name, let value):
      type = "event"
      data["name"] = .string(name)
      data["data"] = value
    }
    self.init(type: type, id: id, data: .object(data))
  }
}
