/// Why jobs were refused. None of them was stored.
public struct SubmissionError: Error, Sendable, CustomStringConvertible {
  /// One thing that is wrong.
  public struct Fault: Sendable, Hashable {
    /// Which job, counted from 0.
    public var index: Int
    /// Where in the job, as a JSON pointer into the API's request: `#/payload/orderID`, `#/kind`.
    public var pointer: String
    /// What is wrong, and what would be right.
    public var message: String

    package init(index: Int, pointer: String, message: String) {
      self.index = index
      self.pointer = pointer
      self.message = message
    }
  }

  /// Everything that was found wrong, at most a hundred.
  public var faults: [Fault]
  /// Set when an idempotency key came before with another payload: the job it belongs to.
  public var keyReusedBy: JobID?

  package init(faults: [Fault], keyReusedBy: JobID? = nil) {
    self.faults = Array(faults.prefix(100))
    self.keyReusedBy = keyReusedBy
  }

  /// All faults in one line.
  public var description: String { faults.map { "\($0.pointer): \($0.message)" }.joined(separator: "; ") }
}
