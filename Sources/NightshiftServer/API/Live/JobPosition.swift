/// How much of a job's timeline a client has seen: `v12.l345`.
struct JobPosition: Sendable, Hashable, LosslessStringConvertible {
  /// The last transition.
  var version: Int64 = 0
  /// The last log line.
  var log: Int64 = 0

  init() {}

  init?(_ description: String) {
    let parts = description.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].first == "v", parts[1].first == "l",
      let version = Int64(parts[0].dropFirst()),
      let log = Int64(parts[1].dropFirst()), version >= 0, log >= 0
    else { return nil }
    self.version = version
    self.log = log
  }

  /// The sequence of the line that follows in this attempt. The upper half of a sequence is the attempt, so
  /// that lines of a later one sort after those of an earlier one.
  func nextLog(attempt: Int) -> Int64 { max(log + 1, Int64(attempt) << 32 | 1) }

  var description: String { "v\(version).l\(log)" }
}
