import ArgumentParser
import Nightshift

/// `nightshift jobs show`
struct JobsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of jobs.")

  @Argument(help: ArgumentHelp("The jobs.", valueName: "id"))
  var ids: [JobID]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    try await shared.withAPI { api, output in
      var jobs: [JSONValue] = []
      for id in ids { jobs.append(try await api.get("/api/jobs/\(id)")) }
      // One job is an object, as the API gives it; several are a list of them.
      if output.isJSON { return output.json(jobs.count == 1 ? jobs[0] : .array(jobs)) }
      for (place, job) in jobs.enumerated() {
        if place > 0 { output.line() }
        let text = JobDetailText(job: job, isColored: output.terminal.colorsOutput)
        for line in text.lines() { output.line(line) }
      }
    }
  }
}
