import Nightshift

/// Reads a job as it is posted. Names and ranges are checked here, kind and payload by the engine.
enum DraftReader {
  static let fields = [
    "kind", "payload", "queue", "priority", "runAt", "delay", "unique", "debounce", "throttle", "maxAttempts",
    "timeout", "tags", "organization", "owner", "limitKey", "ref", "dependsOn", "onDeath",
  ]
  private static let mostTags = 20
  private static let mostDependencies = 1_000
  private static let mostAttempts = 1_000

  /// The draft, or what is wrong with it. `nil` only together with faults.
  static func read(
    _ value: JSONValue, at place: String = "#", traceparent: String?
  ) -> (draft: JobDraft?, faults: [Problem.Fault]) {
    var reader = FieldReader(value, at: place, known: fields)
    let kind = kind(&reader)
    var options = JobOptions()
    options.queue = reader.value("queue", "a queue: \(nameRule)") {
      $0.stringValue.flatMap(QueueName.init(rawValue:))
    }
    options.priority = reader.choice("priority", Priority.self)
    options.runAt = runAt(&reader)
    readKeys(&reader, &options)
    options.maxAttempts = reader.number("maxAttempts", in: 1...mostAttempts)
    options.timeout = reader.duration("timeout")
    options.tags = reader.texts("tags", upTo: mostTags, length: 100) ?? []
    options.organization = reader.text("organization")
    options.owner = reader.text("owner")
    options.limitKey = reader.text("limitKey")
    let ref = reader.text("ref", upTo: 100)
    options.dependsOn =
      (reader.texts("dependsOn", upTo: mostDependencies, length: 100) ?? []).map(Dependency.init)
    options.onDeath = reader.choice("onDeath", DependencyDeath.self) ?? .cancel
    options.traceparent = traceparent
    guard reader.faults.isEmpty, let kind else { return (nil, reader.faults) }
    let payload = reader.raw("payload") ?? .object([:])
    var draft = JobDraft(kind: kind, payload: payload.serialized(), options: options)
    draft.ref = ref
    return (draft, [])
  }

  private static let nameRule = "1 to 100 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit"

  private static func kind(_ reader: inout FieldReader) -> JobKind? {
    guard reader.has("kind") else {
      reader.refuse("kind", "is missing: name the kind of job, as `nightshift kinds list` shows them")
      return nil
    }
    return reader.value("kind", "a kind: \(nameRule)") { $0.stringValue.flatMap(JobKind.init(rawValue:)) }
  }

  private static func runAt(_ reader: inout FieldReader) -> RunAt {
    if reader.has("runAt"), reader.has("delay") {
      reader.refuse("delay", "and `runAt` both say when the job is due: send one of them")
    }
    if let moment = reader.moment("runAt") { return .at(moment) }
    if let delay = reader.duration("delay", allowsZero: true) { return .in(delay) }
    return .now
  }

  private static func readKeys(_ reader: inout FieldReader, _ options: inout JobOptions) {
    var keys = KeyOptionsReader()
    options.unique = keys.unique(reader["unique"])
    options.debounce = keys.debounce(reader["debounce"])
    options.throttle = keys.throttle(reader["throttle"])
    reader.add(keys.faults.map { .init("\(reader.place)/\($0.place)", $0.message) })
  }
}
