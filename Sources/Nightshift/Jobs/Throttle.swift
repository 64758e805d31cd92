/// Lets only so many jobs with a key come in within a window.
///
/// ```swift
/// try await nightshift.enqueue(Remind(user: 7), throttle: .by("user-7", 3, per: .seconds(3600)))
/// ```
///
/// The window slides: between any job and the one `limit` places behind it lies at least `per`. What counts is that a
/// job was added, not what became of it.
public struct Throttle: Sendable, Hashable {
  /// What happens to a job for which the window has no place.
  public enum Excess: String, Sendable, Codable, CaseIterable {
    /// It is not added; the caller gets the id of the job whose place is the next to become free.
    case drop
    /// It is added, and due when the next place is free. What would be put off by more than a year is dropped.
    case later
  }

  /// The most places that a window may have.
  package static let mostPlaces = 1_000
  /// The longest window, and the longest that a job is put off: a year.
  package static let longest = Duration.seconds(366 * 86_400)

  package var key: Unique.Key
  package var limit: Int
  package var per: Duration
  package var excess: Excess

  /// At most `limit` jobs of this kind with this key in any span of `per`.
  ///
  /// - Parameters:
  ///   - limit: From 1 to 1,000.
  ///   - excess: What happens to those that are too many.
  public static func by(
    _ key: String, _ limit: Int = 1, per: Duration, excess: Excess = .drop
  ) -> Throttle {
    Throttle(key: .named(key), limit: limit, per: per, excess: excess)
  }

  /// At most `limit` jobs of this kind with this payload; else as ``by(_:_:per:excess:)``.
  public static func byPayload(_ limit: Int = 1, per: Duration, excess: Excess = .drop) -> Throttle {
    Throttle(key: .payload, limit: limit, per: per, excess: excess)
  }
}
