import ArgumentParser
import Nightshift

/// `nightshift workflows start`
struct WorkflowsStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Add all jobs of a workflow, or none.",
    usage: "nightshift workflows start <file> [<options>]",
    discussion: """
      The file holds what POST /api/workflows takes, as YAML or JSON: `name`, `jobs` with their `ref` and `dependsOn`, \
      and perhaps a `callback`. With --wait the exit status is the outcome: 0 all have completed, 1 one has died, \
      2 one was cancelled, 3 not over when --wait-timeout was up.
      """)

  @Argument(help: ArgumentHelp("The file, or - for standard input.", valueName: "file"))
  var file: String

  @Flag(help: "Wait for the end of all its jobs.")
  var wait = false

  @Option(help: ArgumentHelp("Stop waiting after this time.", valueName: "duration"))
  var waitTimeout: DurationArgument?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard waitTimeout == nil || wait else { throw ValidationError("--wait-timeout goes with --wait.") }
  }

  func run() async throws {
    let body = try PayloadArgument.document(file)
    let status = try await shared.withAPI { api, output in
      let answer = try await api.post("/api/workflows", body)
      guard let id = answer["id"]?.stringValue.flatMap({ WorkflowID($0) }) else {
        throw CommandFailure("The server's answer names no workflow: \(answer)")
      }
      guard wait else {
        report(answer, id, output)
        return ExitStatus.success
      }
      return try await WorkflowWaiter(api: api, output: output).wait(for: id, timeout: waitTimeout?.duration)
    }
    if status != ExitStatus.success { throw ExitCode(status) }
  }

  private func report(_ answer: JSONValue, _ id: WorkflowID, _ output: Output) {
    if output.isJSON { return output.json(answer) }
    // The id alone on standard output, so that a script can take it.
    output.line("\(id)")
    guard output.terminal.isOutputTerminal else { return }
    output.note("\(Count.text(answer.number("count"), "job")). Look at it: nightshift workflows show \(id)")
  }
}

/// Waits for the end of all jobs of a workflow, its callback among them.
struct WorkflowWaiter {
  let api: any APIClient
  let output: Output

  private static let interval = Duration.milliseconds(500)
  /// A server that restarts is back within this many looks, or will not be.
  private static let patience = 60

  /// Reports the outcome and returns the exit status for it.
  func wait(for id: WorkflowID, timeout: Duration?) async throws -> Int32 {
    let clock = SystemClock()
    let end = timeout.map { clock.now + $0 }
    var failures = 0
    while true {
      do {
        let workflow = try await api.get("/api/workflows/\(id)")
        failures = 0
        let isOver = workflow.items("jobs").allSatisfy { JobState(rawValue: $0.text("state"))?.isTerminal ?? true }
        if isOver || end.map({ $0 <= clock.now }) ?? false { return report(workflow, isOver: isOver) }
      } catch let failure as CommandFailure where !failure.isFinal {
        failures += 1
        guard failures < Self.patience, end.map({ $0 > clock.now }) ?? true else {
          throw CommandFailure.unfinished("Workflow \(id)", "\(failure)", look: "nightshift workflows show \(id)")
        }
      }
      try await clock.sleep(for: Self.interval)
    }
  }

  private func report(_ workflow: JSONValue, isOver: Bool) -> Int32 {
    let state = workflow.text("state")
    if output.isJSON {
      output.json(workflow)
    } else {
      let (id, counts) = (workflow.text("id"), WorkflowText.counts(workflow))
      let shown = Style.of(state: state).paint(state, ifColored: output.terminal.colorsErrors)
      output.line(id)
      let rest = isOver && state == "completed" ? "" : ". Look at it: nightshift workflows show \(id)"
      output.note("\(shown) \(id) (\(counts))\(rest)")
    }
    guard isOver else { return ExitStatus.Job.unfinished }
    return JobState(rawValue: state).map(ExitStatus.of) ?? ExitStatus.failure
  }
}
