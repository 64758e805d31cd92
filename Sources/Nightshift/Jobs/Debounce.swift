/// Makes one job of many: it runs once its key has been quiet for a while.
///
/// ```swift
/// try await nightshift.enqueue(
///   SyncCompany(id: 7), debounce: .by("company-7", quiet: .seconds(30), atMost: .seconds(600)))
/// ```
///
/// While the job that has the key has not begun, another one with the same key is not added: that job is put off, and
/// takes the new payload. Once its handler has begun, another one is a new job, so that nothing that comes meanwhile is
/// lost.
public struct Debounce: Sendable, Hashable {
  /// Which payload the job runs with.
  public enum Payload: String, Sendable, Codable, CaseIterable {
    /// That of the job that came last, with its priority, attempts, timeout and trace.
    case last
    /// That of the job that came first.
    case first
  }

  /// The longest that a job is put off at once: a year.
  package static let longest = Duration.seconds(366 * 86_400)

  package var key: Unique.Key
  package var quiet: Duration
  package var atMost: Duration?
  package var keeps: Payload

  /// One job of this kind for all that come with this key, less than `quiet` apart.
  ///
  /// - Parameters:
  ///   - quiet: How long nothing may have come before the job runs.
  ///   - atMost: The longest that the first of them waits. Without it, a stream that never pauses puts the job off for
  ///     ever.
  ///   - keeps: Which payload counts.
  public static func by(
    _ key: String, quiet: Duration, atMost: Duration? = nil, keeping keeps: Payload = .last
  ) -> Debounce {
    Debounce(key: .named(key), quiet: quiet, atMost: atMost, keeps: keeps)
  }

  /// One job for all of this kind with this payload; else as ``by(_:quiet:atMost:keeping:)``.
  public static func byPayload(quiet: Duration, atMost: Duration? = nil) -> Debounce {
    Debounce(key: .payload, quiet: quiet, atMost: atMost, keeps: .last)
  }
}
