import ArgumentParser
import Nightshift

/// `nightshift jobs show`
struct JobsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of jobs.",
    usage: "nightshift jobs show <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of the jobs.", valueName: "id"))
  var ids: [JobID]

  @Option(help: ArgumentHelp("How many of the last log lines: a number, or all (default: 200).", valueName: "count"))
  var logs: LogCount?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var jobs: [JSONValue] = []
      for id in ids { jobs.append(try await job(id, api)) }
      // One job is an object, as the API gives it; several are a list of them.
      if output.isJSON { return output.json(jobs.count == 1 ? jobs[0] : .array(jobs)) }
      for (place, job) in jobs.enumerated() {
        if place > 0 { output.line() }
        let text = JobDetailText(job: job, isColored: output.terminal.colorsOutput, width: output.terminal.width)
        for line in text.lines() { output.line(line) }
      }
    }
  }

  private func job(_ id: JobID, _ api: any APIClient) async throws -> JSONValue {
    let job = try await api.get("/api/jobs/\(id)")
    guard let logs, var fields = job.objectValue else { return job }
    let known = job.items("logs")
    let wanted = min(logs.count, max(job.number("logCount"), known.count))
    fields["logs"] = .array(wanted <= known.count ? known.suffix(wanted) : try await lines(of: id, wanted, api))
    return .object(fields)
  }

  /// The last lines, read page by page from the first: a job keeps 10,000 at most.
  private func lines(of id: JobID, _ count: Int, _ api: any APIClient) async throws -> [JSONValue] {
    var lines: [JSONValue] = []
    var after: Int? = 0
    while let start = after {
      let page = try await api.get("/api/jobs/\(id)/logs", [("after", "\(start)")])
      lines += page.items("logs")
      if lines.count > count { lines.removeFirst(lines.count - count) }
      after = page["next"]?.intValue
    }
    return lines
  }
}

/// A number of log lines, or all of them.
struct LogCount: ExpressibleByArgument {
  var count: Int

  init?(argument: String) {
    guard argument != "all" else {
      count = .max
      return
    }
    guard let count = Int(argument), count >= 0 else { return nil }
    self.count = count
  }

  static let defaultCompletionKind = CompletionKind.list(["all"])
}
