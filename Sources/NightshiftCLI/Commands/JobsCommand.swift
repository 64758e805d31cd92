import ArgumentParser

/// `nightshift jobs`: alone it lists.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "List, show, cancel, retry, discard, signal and fork jobs.",
    usage: "nightshift jobs [<subcommand>] [<options>]",
    discussion: """
      Alone it lists, and takes the filters of list: nightshift jobs --state dead --kind send-receipt
      """,
    subcommands: [
      JobsList.self, JobsShow.self, JobsCancel.self, JobsRetry.self, JobsDiscard.self, JobsSignal.self,
      JobsFork.self,
    ],
    defaultSubcommand: JobsList.self)
}
