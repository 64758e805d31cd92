import Nightshift
import Synchronization

/// Hides from a caller what it may not see, in everything that is answered to it.
///
/// It works where JSON leaves (``Response/json(_:status:type:headers:)``, ``RedactingFeed``), so that a new route cannot
/// forget it. What jobs hold stands under few names in our answers; all else is ours.
final class Redactor: Sendable {
  /// That of the caller whose request is being answered; `nil` if it may see everything.
  @TaskLocal static var current: Redactor?

  /// The fields of our answers that hold what jobs were given or have made.
  private static let documents: Set<String> = ["payload", "result", "data", "approvedData", "answer", "changes"]
  /// The fields that hold text which may repeat a part of that.
  private static let texts: Set<String> = [
    "message", "detail", "error", "cancelReason", "title", "body", "comment", "limitKey", "key", "tags",
  ]
  static let mark = Redaction.mark.stringValue ?? ""

  let redaction: Redaction
  /// What was hidden so far: free text is searched for it.
  private let hidden: Mutex<Set<String>>

  /// `nil` if this caller may see everything.
  init?(_ redaction: Redaction, for actor: Actor) {
    guard redaction.hides(from: actor) else { return nil }
    self.redaction = redaction
    hidden = Mutex([])
  }

  /// One that knows of no other job what is hidden: whoever can write a text of its own job would find out by it what
  /// another one's hides.
  init(_ redaction: Redaction, knowing texts: Set<String>) {
    self.redaction = redaction
    hidden = Mutex(texts)
  }

  /// A job's own document as whoever is being answered may see it.
  static func shown(_ value: JSONValue) -> JSONValue { current?.document(value) ?? value }

  /// Free text that comes without what it may repeat: all of it is hidden from whoever may not see everything.
  static func shownAlone(_ text: String) -> String { current == nil ? text : mark }

  /// Looks at a job's documents without showing them, for free text that comes without them.
  func learn(_ job: JobDetail) { _ = answer(JSONValue(job)) }

  /// Looks at all that a job was given and has made, also at what is not shown with it: the answers and signals it got.
  func learn(_ job: JobID, _ engine: Engine) async throws {
    learn(try await engine.hiddenTexts(of: [job], by: redaction)[job] ?? [])
  }

  private func learn(_ texts: Set<String>) {
    guard !texts.isEmpty else { return }
    hidden.withLock { $0.formUnion(texts) }
  }

  /// A job's own document, such as a payload, as this caller may see it.
  func document(_ value: JSONValue) -> JSONValue { masked(hide(value)) }

  /// Free text, without what was hidden so far.
  func text(_ text: String) -> String { Redaction.masked(text, hidden.withLock { $0 }) }

  /// An answer of ours, with what it holds of jobs.
  func answer(_ value: JSONValue) -> JSONValue {
    // Documents first: a job's error stands before its payload.
    let shown = documents(value)
    return texts(shown, hidden.withLock { $0 })
  }

  private func hide(_ value: JSONValue) -> JSONValue {
    var texts: Set<String> = []
    let shown = redaction.redacted(value, collecting: &texts)
    learn(texts)
    return shown
  }

  private func documents(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): return .array(items.map { documents($0) })
    case .object(let fields):
      var shown: [String: JSONValue] = [:]
      for (name, field) in fields {
        if name == "changes", case .array(let changes) = field {
          shown[name] = .array(changes.map { change($0) })
        } else {
          shown[name] = Self.documents.contains(name) ? hide(field) : documents(field)
        }
      }
      // What is hidden could be tried out by it.
      if fields["digest"] != nil, let data = fields["data"], shown["data"] != data { shown["digest"] = nil }
      // A handler's own event among a job's log lines is JSON in a text.
      if fields["level"] == "event", case .string(let text)? = fields["message"] {
        let event = documents(JSONValue(stored: Array(text.utf8)))
        shown["message"] = .string(event.description)
      }
      return .object(shown)
    default: return value
    }
  }

  /// One change of an edit.
  private func change(_ value: JSONValue) -> JSONValue {
    var texts: Set<String> = []
    let shown = redaction.redacted(change: value, collecting: &texts)
    learn(texts)
    return shown
  }

  private func texts(_ value: JSONValue, _ hidden: Set<String>, isText: Bool = false) -> JSONValue {
    guard !hidden.isEmpty else { return value }
    return switch value {
    case .string(let text): isText ? .string(Redaction.masked(text, hidden)) : value
    case .array(let items): .array(items.map { texts($0, hidden, isText: isText) })
    case .object(let fields):
      .object(
        Dictionary(
          uniqueKeysWithValues: fields.map { name, field in
            let isOurs = !isText && !Self.texts.contains(name) && !Self.documents.contains(name)
            return (name, texts(field, hidden, isText: !isOurs))
          }))
    default: value
    }
  }

  private func masked(_ value: JSONValue) -> JSONValue { texts(value, hidden.withLock { $0 }, isText: true) }
}

extension APIRequest {
  /// Jobs of a list as the caller may see them.
  func shown(_ jobs: [JobSummary]) async throws -> [JobSummary] {
    guard let redactor = Redactor.current else { return jobs }
    return try await engine.redacted(jobs, by: redactor.redaction)
  }

  /// Has whoever is answered not find in any text what is hidden of a job.
  func learn(_ job: JobID) async throws { try await Redactor.current?.learn(job, engine) }

  /// Questions as the caller may see them. What their titles repeat may stand in the job's payload, and not in their data.
  func shown(_ checkpoints: [Checkpoint]) async throws -> [Checkpoint] {
    guard let redaction = Redactor.current?.redaction else { return checkpoints }
    let texts = try await engine.hiddenTexts(of: Set(checkpoints.map(\.job)), by: redaction)
    return checkpoints.map { Redactor(redaction, knowing: texts[$0.job] ?? []).shown($0) }
  }

  func shown(_ checkpoint: Checkpoint) async throws -> Checkpoint { try await shown([checkpoint])[0] }
}
