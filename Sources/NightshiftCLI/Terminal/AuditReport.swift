import Nightshift

/// What verifying the audit log has found, put together from its pieces.
struct AuditReport: Sendable {
  private let expected: String?
  private var entries = 0
  private var problemCount = 0
  private var problems: [JSONValue] = []
  private var expectedAt: Int?
  private var head: JSONValue = .null
  private var deleted: JSONValue = .null

  init(expected: String?) { self.expected = expected }

  mutating func add(_ answer: JSONValue) {
    entries += answer.number("entries")
    problemCount += answer.number("problemCount")
    problems += answer.items("problems").prefix(max(0, 20 - problems.count))
    expectedAt = expectedAt ?? answer["expectedAt"]?.intValue
    head = answer["head"] ?? head
    if deleted == .null { deleted = answer["deletedUpTo"] ?? .null }
  }

  /// Whether nothing was done to the log.
  var isIntact: Bool { problemCount == 0 && isExpected }

  private var isExpected: Bool { expected == nil || expectedAt != nil }

  var json: JSONValue {
    .fields([
      "intact": .bool(isIntact), "entries": .integer(Int64(entries)), "head": head, "deletedUpTo": deleted,
      "problemCount": .integer(Int64(problemCount)), "problems": .array(problems),
      "expectedAt": expectedAt.map { .integer(Int64($0)) },
    ])
  }

  func show(_ output: Output) {
    for problem in problems { output.line("\(output.paint("wrong", .red))  \(problem.text("found"))") }
    if problemCount > problems.count { output.line("and \(problemCount - problems.count) more") }
    if let expected, !isExpected {
      output.line("\(output.paint("wrong", .red))  no entry has the hash \(expected): the log was made anew")
    }
    if let expectedAt { output.line("The expected hash is that of entry \(expectedAt).") }
    if deleted.number("sequence") > 0 {
      output.line("Entries up to \(deleted.number("sequence")) were deleted for their age.")
    }
    let verdict = isIntact ? output.paint("The log is intact", .green) : output.paint("The log is not intact", .red)
    output.line("\(verdict): \(Count.text(entries, "entry", "entries")), the last one is \(head.number("sequence")).")
    output.line("Its hash: \(head.text("hash"))")
    if isIntact { output.note("Keep it elsewhere, and look later with: nightshift audit verify --expect HASH") }
  }
}
