import ArgumentParser
import Foundation
import Nightshift

/// `nightshift enqueue`
struct EnqueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enqueue", abstract: "Add a job.",
    usage: "nightshift enqueue <kind> [<json>] [<options>]",
    discussion: """
      With --wait the exit status is the job's outcome: 0 completed, 1 dead, 2 cancelled, 3 not over when \
      --wait-timeout was up.
      """)

  @Argument(help: "The kind of job; `nightshift kinds` lists them.")
  var kind: String

  @Argument(help: ArgumentHelp("The payload: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String = "{}"

  @Option(help: "The queue, instead of the kind's own.")
  var queue: String?

  @Option(help: "Its place within the queue.", completion: .list(Priority.allCases.map(\.rawValue)))
  var priority: Priority?

  @Option(
    name: .customLong("in"), help: ArgumentHelp("Due after this time, such as 5m.", valueName: "duration"))
  var delay: DurationArgument?

  @Option(
    name: .customLong("at"),
    help: ArgumentHelp("Due at this moment, such as 2026-12-01T08:00:00Z.", valueName: "moment"))
  var moment: MomentArgument?

  @Option(
    help: ArgumentHelp("Keep out a second job with this key until this one has ended.", valueName: "key"))
  var unique: String?

  @Option(
    help: ArgumentHelp(
      "With --unique, what to do to the job that has the key: nothing (drop, the default), give it this payload and "
        + "due time (replace), or put it off to this due time (extend). One that has begun stays as it is.",
      valueName: "what"),
    completion: .list(Unique.Conflict.allCases.map(\.rawValue)))
  var onConflict: Unique.Conflict?

  @OptionGroup var keys: KeyOptions

  @Option(
    name: .customLong("after"), parsing: .singleValue,
    help: ArgumentHelp("A job that must end before this one begins; may be repeated.", valueName: "id"))
  var after: [JobID] = []

  @Option(
    help: ArgumentHelp(
      "With --after, what becomes of it when such a job dies or is cancelled: it is cancelled (cancel, the default), "
        + "it is put on hold for a person (hold), or it goes on all the same (continue).",
      valueName: "what"),
    completion: .list(DependencyDeath.allCases.map(\.rawValue)))
  var onDeath: DependencyDeath?

  @Option(help: ArgumentHelp("How many attempts may fail.", valueName: "count"))
  var maxAttempts: Int?

  @Option(help: ArgumentHelp("How long one attempt may take.", valueName: "duration"))
  var timeout: DurationArgument?

  @Option(name: .customLong("tag"), parsing: .singleValue, help: "A word to find it by; may be repeated.")
  var tags: [String] = []

  @Option(help: ArgumentHelp("The organization that owns it.", valueName: "name"))
  var org: String?

  @Option(help: ArgumentHelp("What limits by key tell jobs apart by.", valueName: "key"))
  var limitKey: String?

  @Flag(help: "Wait for the end; print the result.")
  var wait = false

  @Option(help: ArgumentHelp("Stop waiting after this time.", valueName: "duration"))
  var waitTimeout: DurationArgument?

  @Flag(help: "Wait for the end; show progress and logs live.")
  var follow = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard delay == nil || moment == nil else { throw ValidationError("Use --in or --at, not both.") }
    guard onConflict == nil || unique != nil else { throw ValidationError("--on-conflict goes with --unique.") }
    guard unique == nil || keys.fields.isEmpty else {
      throw ValidationError("--unique does not go with --debounce or --throttle.")
    }
    guard onDeath == nil || !after.isEmpty else { throw ValidationError("--on-death goes with --after.") }
    guard waitTimeout == nil || wait || follow else {
      throw ValidationError("--wait-timeout goes with --wait or --follow.")
    }
  }

  func run() async throws {
    let body = try request()
    let status = try await shared.withAPI { api, output in
      let answer = try await api.post("/api/jobs", body)
      guard let id = answer["id"]?.stringValue.flatMap({ JobID($0) }) else {
        throw CommandFailure("The server's answer names no job: \(answer)")
      }
      guard wait || follow else {
        report(answer, id, output)
        return ExitStatus.success
      }
      if answer["duplicate"]?.boolValue == true {
        output.note("\(duplicate(answer, id)) Waiting for that one.")
      }
      let waiter = JobWaiter(api: api, output: output, showsLive: follow)
      return try await waiter.wait(for: id, timeout: waitTimeout?.duration)
    }
    if status != ExitStatus.success { throw ExitCode(status) }
  }

  private func request() throws -> JSONValue {
    var body: [String: JSONValue] = ["kind": .string(kind), "payload": try PayloadArgument.read(payload)]
    if let queue { body["queue"] = .string(queue) }
    if let priority { body["priority"] = .string(priority.rawValue) }
    if let delay { body["delay"] = .string(delay.duration.text) }
    if let moment { body["runAt"] = .string(moment.text) }
    if let unique {
      let conflict = (onConflict ?? .drop).rawValue
      body["unique"] = ["key": .string(unique), "onConflict": .string(conflict)]
    }
    body.merge(keys.fields) { $1 }
    if !after.isEmpty { body["dependsOn"] = .array(after.map { .string("\($0)") }) }
    if let onDeath { body["onDeath"] = .string(onDeath.rawValue) }
    if let maxAttempts { body["maxAttempts"] = .integer(Int64(maxAttempts)) }
    if let timeout { body["timeout"] = .string(timeout.duration.text) }
    if !tags.isEmpty { body["tags"] = .array(tags.map { .string($0) }) }
    if let org { body["organization"] = .string(org) }
    if let limitKey { body["limitKey"] = .string(limitKey) }
    return .object(body)
  }

  private func report(_ answer: JSONValue, _ id: JobID, _ output: Output) {
    if output.isJSON { return output.json(answer) }
    // The id alone on standard output, so that a script can take it: id=$(nightshift enqueue …).
    output.line("\(id)")
    if answer["duplicate"]?.boolValue == true { return output.note(duplicate(answer, id)) }
    guard output.terminal.isOutputTerminal else { return }
    output.note("\(answer.text("state")). Look at it: nightshift jobs show \(id)")
  }

  /// What became of the job that has the key. Said in a script, too: nothing was added.
  private func duplicate(_ answer: JSONValue, _ id: JobID) -> String {
    let state = answer.text("state")
    return switch answer.text("conflict") {
    case "replaced": "\(id) had this key already (\(state)): it was given this payload and due time."
    case "extended": "\(id) had this key already: it was put off to this due time."
    case _ where keys.throttle != nil:
      "\(id) came before and is \(state): the window has no place for another, and nothing was added."
    default:
      switch onConflict ?? .drop {
      case .drop: "\(id) has this key already (\(state)); nothing was added."
      case .replace: "\(id) has this key and is \(state): it was not replaced, and nothing was added."
      case .extend: "\(id) has this key and is \(state): it was not put off, and nothing was added."
      }
    }
  }
}
