import ArgumentParser

/// `nightshift jobs`: alone it lists.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "List, show, cancel, retry and discard jobs.",
    subcommands: [
      JobsList.self, JobsShow.self, JobsCancel.self, JobsRetry.self, JobsDiscard.self,
    ],
    defaultSubcommand: JobsList.self)
}
