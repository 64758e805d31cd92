/// Words that people bring from other programs, and what they are here. Nothing else has two names.
enum Aliases {
  /// The first word, and the words it stands for. What follows it is kept.
  static let table: [String: [String]] = [
    "daemon": ["serve"],
    "list": ["kinds", "list"],
    "job": ["run"],
    "dead": ["jobs", "list", "--state", "dead"],
    "queue": ["queues"],
  ]

  static func resolve(_ arguments: [String]) -> [String] {
    guard let first = arguments.first, let words = table[first] else { return arguments }
    return words + arguments.dropFirst()
  }
}
