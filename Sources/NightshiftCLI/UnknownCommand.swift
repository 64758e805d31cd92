import ArgumentParser
import Nightshift

/// Says which command was meant where one was named that there is not: the parser, which tries the default of a group,
/// would only count unexpected arguments.
enum UnknownCommand {
  /// Groups whose default takes a word of its own: `nightshift profile KIND`.
  private static let takesWord: [any ParsableCommand.Type] = [ProfileCommand.self]

  /// The complaint, or `nil` if the words name a command, or anything else that is the parser's business.
  static func complaint(_ arguments: [String]) -> String? {
    guard let first = arguments.first, isWord(first) else { return nil }
    if ["enqueue", "schedules"].contains(first), let option = option(in: arguments.dropFirst(), of: first) {
      return option
    }
    let commands = commands(of: NightshiftCommand.self)
    guard let group = commands[first] else { return text("nightshift", first, Array(commands.keys)) }
    guard group.configuration.defaultSubcommand != nil, !takesWord.contains(where: { $0 == group }),
      arguments.count > 1, isWord(arguments[1])
    else { return nil }
    let inner = Self.commands(of: group)
    guard inner[arguments[1]] == nil else { return nil }
    return text("nightshift \(first)", arguments[1], Array(inner.keys))
  }

  /// An option that is named as the API names it: what the parser finds near is another one.
  private static func option(in arguments: ArraySlice<String>, of command: String) -> String? {
    for argument in arguments.prefix(while: { $0 != "--" }) {
      let name = String(argument.prefix { $0 != "=" })
      guard let option = ArgumentName.options[name] else { continue }
      guard command == "enqueue" || ["--org", "--tag"].contains(option) else { continue }
      return "`nightshift \(command)` has no \(name): it is \(option)."
    }
    return nil
  }

  private static func isWord(_ argument: String) -> Bool {
    !argument.hasPrefix("-") && !["help", "generate-completion-script"].contains(argument)
  }

  private static func commands(of command: any ParsableCommand.Type) -> [String: any ParsableCommand.Type] {
    let all = command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
    return Dictionary(all.map { ($0._commandName, $0) }) { first, _ in first }
  }

  private static func text(_ command: String, _ word: String, _ known: [String]) -> String {
    let nearest = Spelling.nearest(to: word, among: known).map { "Did you mean `\(command) \($0)`? " } ?? ""
    let others =
      known.count > 8 ? "`\(command) --help` lists them." : "There is: \(known.sorted().joined(separator: ", "))."
    return "`\(command)` has no `\(word)`. \(nearest)\(others)"
  }
}
