import ArgumentParser
import HTTPTypes
import Nightshift

/// What `jobs cancel`, `jobs retry` and `jobs discard` share: by ids, or by filter.
struct JobsChangeOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Ids of jobs; without any, the filters say which are meant.", valueName: "id"))
  var ids: [JobID] = []

  @OptionGroup var filter: JobFilterOptions
  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard ids.isEmpty != filter.isEmpty else {
      throw ValidationError(
        ids.isEmpty
          ? "Which jobs? Name their ids, or filter them: --state, --kind, --queue, --tag, --search."
          : "Name ids or filters, not both.")
    }
    guard ids.isEmpty || !confirmation.dryRun else {
      throw ValidationError("--dry-run counts what a filter finds; with ids there is nothing to count.")
    }
  }
}

/// A change of jobs, by its words.
struct JobsChange {
  /// As the API names it: `cancel`.
  var verb: String
  /// For people: "Cancel".
  var imperative: String
  /// For people: "Cancelled".
  var past: String
  var method: HTTPRequest.Method = .post
  var body: [String: JSONValue] = [:]

  func run(_ options: JobsChangeOptions) async throws {
    try await options.shared.withAPI { api, output in
      if options.ids.isEmpty {
        try await changeAll(options, api, output)
      } else {
        try await changeEach(options.ids, api, output)
      }
    }
  }

  private func changeAll(_ options: JobsChangeOptions, _ api: any APIClient, _ output: Output) async throws {
    try await options.confirmation.change(
      output, question: { "\(imperative) \($0)?" }, done: { "\(past) \($0)." },
      call: { isDryRun in
        var request = body
        request["filter"] = options.filter.json
        request["dryRun"] = .bool(isDryRun)
        return try await api.post("/api/jobs/\(verb)", .object(request))
      })
  }

  func changeEach(_ ids: [JobID], _ api: any APIClient, _ output: Output) async throws {
    try await EachID(api, output).run(ids) { api, id in
      let path = method == .delete ? "/api/jobs/\(id)" : "/api/jobs/\(id)/\(verb)"
      let sent: JSONValue? = method == .delete ? nil : .object(body)
      let answer = try await api.call(APIRequest(method: method, path: path, body: sent))
      // Nothing comes back for what is deleted.
      return (answer == .null ? ["id": .string("\(id)"), "discarded": true] : answer, "\(past) \(id).")
    }
  }
}

extension JobFilterOptions {
  /// As the bulk forms of the API take it.
  var json: JSONValue {
    var fields: [String: JSONValue] = [:]
    if !state.isEmpty { fields["state"] = .array(state.map { .string($0.rawValue) }) }
    if !kind.isEmpty { fields["kind"] = .array(kind.map { .string($0) }) }
    if !queue.isEmpty { fields["queue"] = .array(queue.map { .string($0) }) }
    if !tag.isEmpty { fields["tag"] = .array(tag.map { .string($0) }) }
    if let search { fields["search"] = .string(search) }
    return .object(fields)
  }
}

struct JobsCancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancel jobs, running ones too.",
    usage: "nightshift jobs cancel <id> ... | <filters> [<options>]")

  @Option(help: "Why, for whoever looks at the job later.")
  var reason: String?

  @OptionGroup var options: JobsChangeOptions

  func run() async throws {
    var change = JobsChange(verb: "cancel", imperative: "Cancel", past: "Cancelled")
    if let reason { change.body["reason"] = .string(reason) }
    try await change.run(options)
  }
}

struct JobsRetry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Run dead or cancelled jobs again.",
    usage: "nightshift jobs retry <id> ... | <filters> [<options>]")

  @Option(help: ArgumentHelp("Another payload: JSON, @FILE, or - for standard input.", valueName: "json"))
  var payload: String?

  @OptionGroup var options: JobsChangeOptions

  func validate() throws {
    guard payload == nil || options.ids.count == 1 else {
      throw ValidationError("--payload edits one job. Name its id.")
    }
  }

  func run() async throws {
    var change = JobsChange(verb: "retry", imperative: "Retry", past: "Retried")
    if let payload { change.body["payload"] = try PayloadArgument.read(payload) }
    try await change.run(options)
  }
}

struct JobsDiscard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard", abstract: "Delete ended jobs with all that belongs to them.",
    usage: "nightshift jobs discard <id> ... | <filters> [<options>]")

  @OptionGroup var options: JobsChangeOptions

  func run() async throws {
    try await JobsChange(verb: "discard", imperative: "Discard", past: "Discarded", method: .delete).run(
      options)
  }
}
