import ArgumentParser
import Nightshift

/// `nightshift checkpoints ask`
struct CheckpointsAsk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask", abstract: "Ask people something on behalf of a job that runs or waits.",
    usage: "nightshift checkpoints ask <job> <title> [<options>]",
    discussion: """
      A running script waits for the answer once it exits with 75. The same key again is the same question. The id of \
      the checkpoint is printed.
      """)

  @Argument(help: "The job.")
  var job: JobID

  @Argument(help: "The question, in one line.")
  var title: String

  @Option(help: ArgumentHelp("Tells the questions of a job apart (default: checkpoint).", valueName: "name"))
  var key: String?

  @Option(
    help: "Whether people approve (default), are only told (info), or choose what to do about an error.",
    completion: .list(["approval", "info", "error"]))
  var type: String?

  @Option(help: ArgumentHelp("More about it, in Markdown.", valueName: "text"))
  var body: String?

  @Option(help: ArgumentHelp("What it is about: JSON, @FILE, or - for standard input.", valueName: "json"))
  var showing: String?

  @Option(help: ArgumentHelp("A JSON schema of the data: JSON or @FILE.", valueName: "json"))
  var schema: String?

  @Option(
    help: ArgumentHelp("What is at stake (default: reversible).", valueName: "risk"),
    completion: .list(Risk.allCases.map(\.rawValue)))
  var risk: String?

  @Flag(help: "Reviewers may not change the data.")
  var fixed = false

  @Option(
    name: .customLong("choice"), parsing: .singleValue,
    help: "With --type error, something to choose from; may be repeated.")
  var choices: [String] = []

  @OptionGroup(title: "Time") var times: CheckpointTimes
  @OptionGroup(title: "Who decides") var reviewers: CheckpointReviewers
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    var fields: [String: JSONValue] = ["title": .string(title)]
    for (name, text) in ["key": key, "type": type, "body": body, "risk": risk] {
      fields[name] = text.map { .string($0) }
    }
    if let showing { fields["data"] = try PayloadArgument.read(showing) }
    if let schema { fields["schema"] = try PayloadArgument.read(schema) }
    if fixed { fields["editable"] = false }
    if !choices.isEmpty { fields["choices"] = .array(choices.map { .string($0) }) }
    fields.merge(times.fields) { $1 }
    fields.merge(reviewers.fields) { $1 }
    let question = JSONValue.object(fields)
    try await shared.withAPI { api, output in
      let answer = try await api.post("/api/jobs/\(job)/checkpoints", question)
      if output.isJSON { return output.json(answer) }
      output.line(answer.text("id"))
      guard output.terminal.isOutputTerminal else { return }
      output.note("Decide it with: nightshift checkpoints approve \(answer.text("id"))")
    }
  }
}

/// How long a question stands, and what happens meanwhile and then.
struct CheckpointTimes: ParsableArguments {
  @Option(help: ArgumentHelp("It expires after this time, such as 24h.", valueName: "duration"))
  var expires: DurationArgument?

  @Option(
    help: ArgumentHelp("What becomes of it then (default: reject).", valueName: "what"),
    completion: .list(Expiry.allCases.map(\.rawValue)))
  var onExpiry: String?

  @Option(
    name: .customLong("remind"), parsing: .singleValue,
    help: ArgumentHelp("Remind reviewers after this time; may be repeated.", valueName: "duration"))
  var reminders: [DurationArgument] = []

  var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    fields["expires"] = expires.map { .string($0.duration.text) }
    fields["onExpiry"] = onExpiry.map { .string($0) }
    if !reminders.isEmpty { fields["reminders"] = .array(reminders.map { .string($0.duration.text) }) }
    return fields
  }
}

/// Who may decide a question.
struct CheckpointReviewers: ParsableArguments {
  @Option(
    name: .customLong("user"), parsing: .singleValue,
    help: ArgumentHelp("This user, or token by its name; may be repeated.", valueName: "name"))
  var users: [String] = []

  @Option(
    name: .customLong("reviewer-role"), parsing: .singleValue,
    help: ArgumentHelp("Whoever has this role, or one that may do more; may be repeated.", valueName: "role"))
  var roles: [String] = []

  @Option(help: ArgumentHelp("How many different people have to approve (default: 1).", valueName: "count"))
  var required: Int?

  @Flag(help: "Whoever asked for the job may not decide.")
  var excludeRequester = false

  @Option(
    name: .customLong("escalate-to-user"), parsing: .singleValue,
    help: ArgumentHelp("With --on-expiry escalate, this user as well; may be repeated.", valueName: "name"))
  var laterUsers: [String] = []

  @Option(
    name: .customLong("escalate-to-role"), parsing: .singleValue,
    help: ArgumentHelp("With --on-expiry escalate, this role as well; may be repeated.", valueName: "role"))
  var laterRoles: [String] = []

  var fields: [String: JSONValue] {
    var first = Self.names(users, roles)
    first["required"] = required.map { .integer(Int64($0)) }
    if excludeRequester { first["excludesRequester"] = true }
    let later = Self.names(laterUsers, laterRoles)
    var fields: [String: JSONValue] = [:]
    if !first.isEmpty { fields["reviewers"] = .object(first) }
    if !later.isEmpty { fields["escalateTo"] = .object(later) }
    return fields
  }

  private static func names(_ users: [String], _ roles: [String]) -> [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    if !users.isEmpty { fields["users"] = .array(users.map { .string($0) }) }
    if !roles.isEmpty { fields["roles"] = .array(roles.map { .string($0) }) }
    return fields
  }
}
