import ArgumentParser
import Foundation
import Nightshift

/// `nightshift doctor`
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look for what is wrong, and say how to mend it; exit with 1 if anything is.",
    usage: "nightshift doctor [<options>]")

  @Option(help: ArgumentHelp("Folder of the script jobs (default: ./jobs).", valueName: "dir"))
  var jobs: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings(jobs.map { [.jobs: ("--jobs", $0)] } ?? [:])
    // Behind a URL the store's folder is another machine's, most likely.
    let folder = settings[.url] == nil ? settings.required(.data) : nil
    var findings = try MachineChecks.all(folder: folder, holdsStore: settings.database.isFile, now: Date())
    findings += HandlerChecks.all(folder: settings.required(.jobs))
    findings += HandlerChecks.schedules(path: settings.required(.schedules))
    findings += await storeFindings()
    report(findings)
    if findings.contains(where: { !$0.isFine }) { throw ExitCode(ExitStatus.failure) }
  }

  /// That the store cannot be asked is a finding, too.
  private func storeFindings() async -> [Finding] {
    do {
      return try await shared.withAPI { api, _ in
        try await api.get("/api/doctor").items("findings").map { Finding($0) }
      }
    } catch {
      return [.wrong("store", "\(error)", "mend this first, then look again")]
    }
  }

  private func report(_ findings: [Finding]) {
    let output = shared.output
    let isFine = findings.allSatisfy(\.isFine)
    if output.isJSON {
      return output.json(["fine": .bool(isFine), "findings": .array(findings.map(\.json))])
    }
    for finding in findings {
      let mark = finding.isFine ? output.paint("ok   ", .green) : output.paint("wrong", .red)
      let found = "\(finding.name): \(TextWidth.singleLine(finding.found))"
      for (place, line) in wrap(found, output).enumerated() {
        output.line(place == 0 ? "\(mark)  \(line)" : "       \(line)")
      }
      guard !finding.isFine, let remedy = finding.remedy else { continue }
      for (place, line) in wrap(remedy, output, indent: 9).enumerated() {
        output.line("       \(place == 0 ? "→" : " ") \(line)")
      }
    }
    let count = findings.count { !$0.isFine }
    output.line(
      isFine
        ? output.paint("All is well.", .green)
        : "\(count) of \(findings.count) \(count == 1 ? "needs" : "need") attention.")
  }

  private func wrap(_ text: String, _ output: Output, indent: Int = 7) -> [String] {
    output.terminal.width.map { TextWidth.wrap(text, to: max(20, $0 - indent)) } ?? [text]
  }
}
