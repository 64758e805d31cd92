import ArgumentParser
import Foundation
import Nightshift
import NightshiftJobs

/// `nightshift create-job`
struct CreateJobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create-job", abstract: "Write a working script job from a template, with its test.",
    usage: "nightshift create-job <name> [<options>]")

  @Argument(help: "The job's name: its folder and its kind.")
  var name: String

  @Option(
    help: "bash, python, node or swift.", completion: .list(JobTemplate.allCases.map(\.rawValue)),
    transform: Self.language)
  var language: JobTemplate = .bash

  @Option(help: ArgumentHelp("Folder of the script jobs (default: ./jobs).", valueName: "dir"))
  var jobs: String?

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings(jobs.map { [.jobs: ("--jobs", $0)] } ?? [:])
    guard let kind = JobKind(rawValue: name) else {
      throw CommandFailure(
        "\"\(name)\" cannot name a job. Use a–z, 0–9, '.', '_' and '-', beginning with a letter or digit.",
        status: ExitStatus.usage)
    }
    let folder = JobFolderWriter(root: settings.required(.jobs), name: kind.rawValue)
    let files = language.files(name: kind.rawValue)
    try folder.write(files)
    report(folder, files.map(\.path))
  }

  private func report(_ folder: JobFolderWriter, _ files: [String]) {
    let output = shared.output
    let test = "cd \(folder.path) && \(language.testCommand.joined(separator: " "))"
    if output.isJSON {
      return output.json([
        "kind": .string(name), "folder": .string(folder.path), "files": .array(files.map { .string($0) }),
        "testCommand": .string(test),
      ])
    }
    output.line("\(folder.path) is there: \(files.joined(separator: ", "))")
    output.line("Test it:  \(test)")
    output.line("Run it:   nightshift run \(name) '{\"path\": \".\"}'")
  }

  private static func language(_ text: String) throws -> JobTemplate {
    if let language = JobTemplate(rawValue: text) { return language }
    let all = JobTemplate.allCases.map(\.rawValue)
    let nearest = Spelling.nearest(to: text, among: all).map { " Did you mean \($0)?" } ?? ""
    throw ValidationError(
      "There is no template for \"\(text)\".\(nearest) Use one of \(all.joined(separator: ", ")).")
  }
}
