import ArgumentParser
import Nightshift

/// `nightshift jobs release`
struct JobsRelease: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Let jobs go on that are on hold because a dependency died.",
    usage: "nightshift jobs release <id> ... [<options>]")

  @Argument(help: ArgumentHelp("Ids of the jobs.", valueName: "id"))
  var ids: [JobID]

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let change = JobsChange(verb: "release", imperative: "Release", past: "Released")
    try await shared.withAPI { api, output in try await change.changeEach(ids, api, output) }
  }
}
