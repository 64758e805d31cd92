import Nightshift

/// Reads which jobs are meant, from a query or from a body. The names are the same in both.
enum FilterReader {
  static let fields = ["state", "kind", "queue", "tag", "search", "organization", "owner"]
  /// So many alternatives of one kind narrow nothing any more, and a statement must not grow without end.
  private static let mostValues = 50

  static func read(_ query: Query) throws(Problem) -> JobFilter {
    var filter = JobFilter()
    let (states, faults) = states(query.values("state")) { .parameter("state") }
    guard faults.isEmpty else { throw .invalid(faults) }
    filter.states = states
    filter.kinds = Set(query.values("kind"))
    filter.queues = Set(query.values("queue"))
    filter.tags = Set(query.values("tag"))
    filter.search = try query.value("search", "at most 200 bytes long") { $0.utf8.count <= 200 ? $0 : nil }
    filter.organization = try query.value("organization")
    filter.owner = try query.value("owner")
    for (name, values) in [("kind", filter.kinds), ("queue", filter.queues), ("tag", filter.tags)]
    where values.count > mostValues {
      throw .invalid([.init(parameter: name, "may have at most \(mostValues) values")])
    }
    return filter
  }

  /// The filter of a body. One that does not narrow is refused unless `all` says that it is meant.
  static func read(_ value: JSONValue?, at place: String) throws(Problem) -> JobFilter {
    var reader = FieldReader(value, at: place, known: fields + ["all"])
    var filter = JobFilter()
    let names = reader.texts("state", upTo: mostValues, length: 20) ?? []
    let (states, faults) = states(names) { .pointer("\(place)/state") }
    reader.add(faults)
    filter.states = states
    filter.kinds = Set(reader.texts("kind", upTo: mostValues, length: 100) ?? [])
    filter.queues = Set(reader.texts("queue", upTo: mostValues, length: 100) ?? [])
    filter.tags = Set(reader.texts("tag", upTo: mostValues, length: 100) ?? [])
    filter.search = reader.text("search")
    filter.organization = reader.text("organization")
    filter.owner = reader.text("owner")
    let isAll = reader.flag("all") ?? false
    if reader.faults.isEmpty, filter.isEmpty != isAll {
      reader.add([
        .init(
          place,
          isAll
            ? "says `all` and narrows at the same time: leave one of them out"
            : "names no jobs: narrow it by \(fields.joined(separator: ", ")), or send {\"all\": true}")
      ])
    }
    try reader.check()
    return filter
  }

  static func states(
    _ names: [String], at place: () -> Problem.Fault.Place
  ) -> (states: Set<JobState>, faults: [Problem.Fault]) {
    let all = JobState.allCases.map(\.rawValue)
    var faults: [Problem.Fault] = []
    var states: Set<JobState> = []
    for name in names {
      if let state = JobState(rawValue: name) {
        states.insert(state)
      } else {
        let nearest = Spelling.nearest(to: name, among: all).map { ": did you mean `\($0)`?" }
        let hint = nearest ?? "; known are \(all.joined(separator: ", "))"
        faults.append(.init(place: place(), detail: "has no state \"\(name.truncatedUTF8(to: 40))\"\(hint)"))
      }
    }
    return (states, faults)
  }
}
