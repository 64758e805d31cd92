extension Migration {
  /// What people do, told to subscribers in other processes beside the transitions: `body` is what ``Event/Body/stored``
  /// writes, and empty for a transition.
  static let eventBodies = Migration(
    module: "core", number: 12, name: "events of people",
    statements: ["ALTER TABLE nightshift_events ADD COLUMN body {text}"])
}

extension Event.Body {
  /// As it stands in the database; `nil` for what is brought to other processes in another way.
  var stored: JSONValue? {
    switch self {
    case .signal(let name, let by): ["signal": .string(name), "by": .string(by)]
    case .checkpoint(let id, let key, let title, let state, let verdict, let by):
      .fields([
        "checkpoint": .string("\(id)"), "key": .string(key), "title": .string(title), "state": .string(state.rawValue),
        "verdict": verdict.map { .string($0) }, "by": .string(by),
      ])
    case .state, .progress, .log, .custom: nil
    }
  }

  /// Reads what ``stored`` writes; `nil` for what a newer Nightshift may tell.
  init?(stored json: JSONValue) {
    guard let by = json["by"]?.stringValue else { return nil }
    if let name = json["signal"]?.stringValue {
      self = .signal(name: name, by: by)
    } else if let id = json["checkpoint"]?.stringValue.flatMap(CheckpointID.init),
      let state = json["state"]?.stringValue.flatMap(CheckpointState.init(rawValue:)),
      let key = json["key"]?.stringValue, let title = json["title"]?.stringValue
    {
      self = .checkpoint(id, key: key, title: title, state, verdict: json["verdict"]?.stringValue, by: by)
    } else {
      return nil
    }
  }
}
