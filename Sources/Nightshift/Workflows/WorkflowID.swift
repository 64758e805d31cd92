/// Names one workflow. In text: `wfl_` and 13 characters of Crockford's base32, as a ``JobID`` is written.
public struct WorkflowID: Hashable, Comparable, Sendable {
  /// Made as a job's id is made, so that it sorts by age.
  public let rawValue: Int64

  /// Takes over an id from its number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Earlier ids come first.
  public static func < (left: WorkflowID, right: WorkflowID) -> Bool { left.rawValue < right.rawValue }
}

extension WorkflowID: LosslessStringConvertible {
  /// The id as text.
  public var description: String { Identifier.text(rawValue, prefix: "wfl") }

  /// Reads an id from text; `nil` if the text is not one.
  public init?(_ description: String) {
    guard let rawValue = Identifier.parse(description, prefix: "wfl") else { return nil }
    self.rawValue = rawValue
  }
}
