/// The name of a queue: a lane of jobs with its own limits. A job is in exactly one.
public struct QueueName: Hashable, Sendable {
  /// The name as text.
  public let rawValue: String

  /// Checks the name; `nil` unless it is 1 to 100 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit.
  public init?(rawValue: String) {
    guard ValidatedName.isValid(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  /// Takes over a name that was checked when it was stored.
  package init(stored rawValue: String) { self.rawValue = rawValue }
}

extension QueueName: ExpressibleByStringLiteral {
  /// A name written in the source. A malformed one is a bug there, and stops the program.
  public init(stringLiteral value: String) {
    precondition(ValidatedName.isValid(value), "\"\(value)\" is no queue: it must be \(ValidatedName.rule)")
    rawValue = value
  }
}

extension QueueName: CustomStringConvertible {
  /// The name itself.
  public var description: String { rawValue }
}

extension QueueName: RawRepresentable, Codable, Comparable {
  /// Alphabetical order.
  public static func < (left: QueueName, right: QueueName) -> Bool { left.rawValue < right.rawValue }
}

extension QueueName {
  /// Where a job goes whose kind names no queue.
  public static let `default`: QueueName = "default"
}
