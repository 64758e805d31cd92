/// What the time of a kind goes into.
package enum ProfilePart: String, Sendable, CaseIterable {
  /// Whole attempts, by queue.
  case attempt
  /// From the moment that a job was due until its attempt began, by queue.
  case wait
  /// A part of the job whose result is kept, by name.
  case step
  /// A call of something outside, by the service's name.
  case call
  /// Whole attempts by the minute, of kinds that are watched for slowness.
  case recent
}

/// One row of the profile: what it is about, and how long that took.
struct ProfileTally: Sendable, Hashable {
  struct Key: Sendable, Hashable {
    /// The beginning of the hour, in microseconds; of ``ProfilePart/recent`` that of the minute.
    var hour: Int64
    var kind: String
    var part: ProfilePart
    var name: String
  }

  /// How many of the slowest attempts are remembered.
  static let mostSlowest = 5
  /// What stands for all names beyond the most that are told apart.
  static let otherName = "other"

  var histogram = DurationHistogram()
  var failures: Int64 = 0
  var slowest: [SlowAttempt] = []

  mutating func add(_ microseconds: Int64, failed: Bool) {
    histogram.add(microseconds)
    if failed { failures += 1 }
  }

  mutating func add(_ other: ProfileTally) {
    histogram.add(other.histogram)
    failures += other.failures
    for attempt in other.slowest { remember(attempt) }
  }

  /// Whether an attempt that took so long is to be remembered.
  func isAmongSlowest(_ duration: Int64) -> Bool {
    slowest.count < Self.mostSlowest || slowest[slowest.count - 1].duration < duration
  }

  /// Keeps the attempt if it is among the slowest.
  mutating func remember(_ attempt: SlowAttempt) {
    guard isAmongSlowest(attempt.duration) else { return }
    let place = slowest.firstIndex { $0.duration < attempt.duration } ?? slowest.endIndex
    slowest.insert(attempt, at: place)
    if slowest.count > Self.mostSlowest { slowest.removeLast() }
  }
}

/// One of the attempts of a kind that took longest.
package struct SlowAttempt: Sendable, Hashable {
  package var job: JobID
  package var attempt: Int
  /// In microseconds.
  package var duration: Int64
  package var endedAt: Timestamp
}

// MARK: As it is stored

extension ProfileTally {
  static let columns = "n, failures, sum_us, max_us, buckets, slowest"

  /// - Parameter first: Where the columns begin.
  init(_ row: SQLRow, from first: Int) {
    histogram = DurationHistogram(
      count: row.integer(first) ?? 0, sum: row.integer(first + 2) ?? 0, longest: row.integer(first + 3) ?? 0,
      bucketText: row.text(first + 4) ?? "")
    failures = row.integer(first + 1) ?? 0
    slowest = (row.text(first + 5) ?? "").split(separator: ",").compactMap(SlowAttempt.init(stored:))
  }

  var values: [SQLValue] {
    [
      .integer(histogram.count), .integer(failures), .integer(histogram.sum), .integer(histogram.longest),
      .text(histogram.bucketText), .text(slowest.map(\.stored).joined(separator: ",")),
    ]
  }
}

extension SlowAttempt {
  fileprivate var stored: String { "\(job.rawValue):\(attempt):\(duration):\(endedAt.microseconds)" }

  fileprivate init?(stored: Substring) {
    let parts = stored.split(separator: ":").compactMap { Int64($0) }
    guard parts.count == 4 else { return nil }
    self.init(
      job: JobID(rawValue: parts[0]), attempt: Int(parts[1]), duration: parts[2],
      endedAt: Timestamp(microseconds: parts[3]))
  }
}
