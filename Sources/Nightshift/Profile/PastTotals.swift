import Synchronization

/// Totals since the beginning, as monitoring reads them: what hours that are over have added up to is kept, so that a
/// reading costs two or three hours' rows, however long the database has been in use.
struct PastTotals: Sendable {
  /// Attempts and waits by queue and kind.
  typealias Histograms = [ProfileTally.Key: DurationHistogram]

  /// Hours before this one are in `histograms`; 0 before the first reading.
  var profileEnd: Int64 = 0
  var histograms: Histograms = [:]
  /// Hours before this one are in `counts`.
  var countsEnd: Int64 = 0
  var counts: [Lane: JobCounts] = [:]

  struct Lane: Hashable, Sendable {
    var queue: String
    var kind: String
  }

  /// After so long without a reading all is read anew: old hours may have been added up in another place since.
  static let patience = 7 * 24 * ProfileRecorder.hour

  /// The hour from which on readings are made anew: an attempt of the hour before may still be written.
  static func end(at now: Timestamp) -> Int64 {
    let hour = ProfileRecorder.hour
    return now.microseconds / hour * hour - hour
  }
}

/// One line of the histograms that monitoring reads.
package struct DurationSeries: Sendable {
  package var queue: String
  package var kind: String
  package var histogram: DurationHistogram

  package init(queue: String, kind: String, histogram: DurationHistogram) {
    self.queue = queue
    self.kind = kind
    self.histogram = histogram
  }
}

extension Engine {
  /// How long attempts took, and how long their jobs had been due, by queue and kind, since the beginning.
  package func durations() async throws(StoreError) -> (attempts: [DurationSeries], waits: [DurationSeries]) {
    // What this process has not written yet is written first: a scrape is rarer than that.
    await flushProfile()
    let end = PastTotals.end(at: clock.now)
    let (begin, base) = pastTotals.withLock { totals in
      if end - totals.profileEnd > PastTotals.patience { (totals.profileEnd, totals.histograms) = (0, [:]) }
      return (totals.profileEnd, totals.histograms)
    }
    let (past, present) = try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.profile.step) else {
        return (PastTotals.Histograms(), PastTotals.Histograms())
      }
      return (
        try Self.histograms(from: begin, to: max(begin, end), transaction),
        try Self.histograms(from: max(begin, end), to: .max, transaction)
      )
    }
    let known = base.merging(past) { $0.adding($1) }
    pastTotals.withLock { totals in
      // Unless another reading was faster.
      if totals.profileEnd == begin, end > begin { (totals.profileEnd, totals.histograms) = (end, known) }
    }
    let all = known.merging(present) { $0.adding($1) }
    return (Self.series(all, .attempt), Self.series(all, .wait))
  }

  private static func histograms(
    from: Int64, to: Int64, _ transaction: any ReadTransaction
  ) throws(StoreError) -> PastTotals.Histograms {
    var histograms: PastTotals.Histograms = [:]
    for (key, tally) in try transaction.profileRows(from: from, to: to, kind: nil, parts: [.attempt, .wait]) {
      var key = key
      key.hour = 0
      histograms[key, default: DurationHistogram()].add(tally.histogram)
    }
    return histograms
  }

  private static func series(_ histograms: PastTotals.Histograms, _ part: ProfilePart) -> [DurationSeries] {
    histograms.filter { $0.key.part == part }.map { key, histogram in
      DurationSeries(queue: key.name, kind: key.kind, histogram: histogram)
    }.sorted { ($0.queue, $0.kind) < ($1.queue, $1.kind) }
  }
}

/// How many jobs of a kind in a queue there were, and what became of them.
package struct JobCounts: Sendable, Hashable {
  package var enqueued: Int64 = 0
  package var completed: Int64 = 0
  package var failed: Int64 = 0
  package var dead: Int64 = 0
  package var cancelled: Int64 = 0

  package init() {}

  fileprivate init(_ row: SQLRow) {
    (enqueued, completed, failed) = (row.integer(2) ?? 0, row.integer(3) ?? 0, row.integer(4) ?? 0)
    (dead, cancelled) = (row.integer(5) ?? 0, row.integer(6) ?? 0)
  }

  package func adding(_ other: JobCounts) -> JobCounts {
    var sum = self
    sum.enqueued += other.enqueued
    sum.completed += other.completed
    sum.failed += other.failed
    sum.dead += other.dead
    sum.cancelled += other.cancelled
    return sum
  }
}

extension Engine {
  /// Totals since the beginning, by queue and kind: for counters that monitoring reads.
  package func totals() async throws(StoreError) -> [(queue: String, kind: String, counts: JobCounts)] {
    let end = PastTotals.end(at: clock.now)
    let (begin, base) = pastTotals.withLock { totals in
      if end - totals.countsEnd > PastTotals.patience { (totals.countsEnd, totals.counts) = (0, [:]) }
      return (totals.countsEnd, totals.counts)
    }
    let (past, present) = try await store.read { transaction in
      (
        try Self.counts(from: begin, to: max(begin, end), transaction),
        try Self.counts(from: max(begin, end), to: .max, transaction)
      )
    }
    let known = base.merging(past) { $0.adding($1) }
    pastTotals.withLock { totals in
      // Unless another reading was faster.
      if totals.countsEnd == begin, end > begin { (totals.countsEnd, totals.counts) = (end, known) }
    }
    return known.merging(present) { $0.adding($1) }.map { ($0.key.queue, $0.key.kind, $0.value) }
      .sorted { ($0.queue, $0.kind) < ($1.queue, $1.kind) }
  }

  private static func counts(
    from: Int64, to: Int64, _ transaction: any ReadTransaction
  ) throws(StoreError) -> [PastTotals.Lane: JobCounts] {
    let rows = try transaction.query(
      """
      SELECT queue, kind, sum(enqueued), sum(completed), sum(failed), sum(dead), sum(cancelled)
      FROM nightshift_rollups WHERE hour >= ? AND hour < ? GROUP BY queue, kind
      """, [.integer(from), .integer(to)])
    return Dictionary(
      rows.map { (PastTotals.Lane(queue: $0.text(0)!, kind: $0.text(1)!), JobCounts($0)) }
    ) { $0.adding($1) }
  }
}

extension DurationHistogram {
  fileprivate func adding(_ other: DurationHistogram) -> DurationHistogram {
    var sum = self
    sum.add(other)
    return sum
  }
}
