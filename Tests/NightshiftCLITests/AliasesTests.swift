import ArgumentParser
import Testing

@testable import NightshiftCLI

@Suite struct `An alias` {
  @Test(arguments: [
    ("daemon --listen 127.0.0.1:0", "serve --listen 127.0.0.1:0"),
    ("list --json", "kinds list --json"),
    ("job report {}", "run report {}"),
    ("dead --queue mail", "jobs list --state dead --queue mail"),
    ("queue pause mail", "queues pause mail"),
  ])
  func `stands for the words of the command`(_ typed: String, _ meant: String) {
    #expect(Aliases.resolve(words(typed)) == words(meant))
  }

  @Test func `is only one as the first word`() {
    #expect(Aliases.resolve(["enqueue", "list"]) == ["enqueue", "list"])
    #expect(Aliases.resolve([]) == [])
  }

  @Test func `leads to a command that exists`() async throws {
    for (alias, words) in Aliases.table {
      let isCommand = try isKnown(words[0])
      #expect(isCommand, "\(alias) leads to \(words)")
    }
  }

  private func isKnown(_ command: String) throws -> Bool {
    let groups = NightshiftCommand.configuration.groupedSubcommands.flatMap(\.subcommands)
    return groups.contains { $0.configuration.commandName == command }
  }

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
