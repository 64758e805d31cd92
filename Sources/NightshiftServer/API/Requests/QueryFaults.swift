/// Collects what is wrong with several parameters, so that whoever sent them is told of all at once.
struct QueryFaults {
  var all: [Problem.Fault] = []

  /// What `read` gives; `nil` where it refuses its parameter, which is then kept for ``check()``.
  mutating func collect<Value>(_ read: () throws -> Value?) throws -> Value? {
    do {
      return try read()
    } catch let problem as Problem where !problem.faults.isEmpty {
      all += problem.faults
      return nil
    }
  }

  /// Throws everything that was found to be wrong.
  func check() throws(Problem) {
    guard all.isEmpty else { throw .invalid(all) }
  }
}
