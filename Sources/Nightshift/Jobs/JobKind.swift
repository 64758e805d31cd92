/// The registered name of a type of job, by which its handler is found: `send-receipt`.
public struct JobKind: Hashable, Sendable {
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

extension JobKind: ExpressibleByStringLiteral {
  /// A name written in the source. A malformed one is a bug there, and stops the program.
  public init(stringLiteral value: String) {
    precondition(ValidatedName.isValid(value), "\"\(value)\" is no kind: it must be \(ValidatedName.rule)")
    rawValue = value
  }
}

extension JobKind: CustomStringConvertible {
  /// The name itself.
  public var description: String { rawValue }
}

extension JobKind: RawRepresentable, Codable, Comparable {
  /// Alphabetical order.
  public static func < (left: JobKind, right: JobKind) -> Bool { left.rawValue < right.rawValue }
}
