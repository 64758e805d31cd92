/// How urgent a job is within its queue. Jobs of a higher priority are claimed first.
public enum Priority: String, Sendable, Codable, CaseIterable, Comparable {
  /// Before everything else.
  case critical
  /// Before ordinary work.
  case high
  /// Ordinary work.
  case normal
  /// When nothing else is due.
  case low

  /// The number in the store: the most urgent is the smallest, so that the index is read forwards.
  package var code: Int64 {
    switch self {
    case .critical: 0
    case .high: 1
    case .normal: 2
    case .low: 3
    }
  }

  package init?(code: Int64) {
    guard let priority = Priority.allCases.first(where: { $0.code == code }) else { return nil }
    self = priority
  }

  /// The more urgent is the greater.
  public static func < (left: Priority, right: Priority) -> Bool { left.code > right.code }
}
