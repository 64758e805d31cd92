import ArgumentParser
import Nightshift

/// Which jobs are meant.
struct JobFilterOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Only jobs in this state; may be repeated.", valueName: "state"),
    completion: .list(JobState.allCases.map(\.rawValue)))
  var state: [JobState] = []

  @Option(parsing: .singleValue, help: "Only jobs of this kind; may be repeated.")
  var kind: [String] = []

  @Option(parsing: .singleValue, help: "Only jobs in this queue; may be repeated.")
  var queue: [String] = []

  @Option(parsing: .singleValue, help: "Only jobs with this tag; may be repeated.")
  var tag: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only jobs with this text in their id, payload, last error or tags.",
      valueName: "text"))
  var search: String?

  var isEmpty: Bool { state.isEmpty && kind.isEmpty && queue.isEmpty && tag.isEmpty && search == nil }

  var query: [(name: String, value: String)] {
    state.map { ("state", $0.rawValue) } + kind.map { ("kind", $0) } + queue.map { ("queue", $0) }
      + tag.map { ("tag", $0) } + (search.map { [("search", $0)] } ?? [])
  }
}
