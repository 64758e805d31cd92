/// A signal that a job has got and nobody has waited for yet.
package struct KeptSignal: Sendable, Hashable {
  /// So many are shown of a job.
  package static let mostShown = 100
  /// So many are kept for a job.
  package static let most = 1_000
  /// So many bytes of payloads are kept for a job.
  package static let mostBytes = 8 << 20
  /// A larger payload is not shown with the job.
  static let shownBytes = 2_000

  package var id: Int64
  package var name: String
  package var sentAt: Timestamp
  package var sentBy: String
  /// The length of the payload.
  package var size: Int
  /// What was sent with it; `nil` if it is too long to be shown.
  package var payload: [UInt8]?

  static let columns = """
    id, name, sent_at, sent_by, length(payload), CASE WHEN length(payload) <= \(shownBytes) THEN payload END
    """

  init(_ row: SQLRow) {
    id = row.integer(0)!
    name = row.text(1)!
    sentAt = row.timestamp(2)!
    sentBy = row.text(3)!
    size = Int(row.integer(4)!)
    payload = row.bytes(5)
  }
}

/// Why a signal was not kept.
public struct SignalRefused: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, and what would be right.
  public let description: String

  init(_ job: JobID, kept: Int, bytes: Int, size: Int) {
    let limit = "at most \(KeptSignal.most) signals with \(KeptSignal.mostBytes >> 20) MiB in all are kept"
    description =
      "The job \(job) has \(kept) signals with \(bytes) bytes that it has not waited for yet, and this one has \(size) "
      + "bytes: \(limit) for a job. It was not kept; check its name, or send it again once the job has taken some."
  }
}

extension StoreSession {
  /// Whoever may send signals to a job must not be able to fill the disk by it.
  func checkRoom(forSignalOf size: Int, to job: JobID) throws {
    let rows = try query(
      "SELECT count(*), coalesce(sum(length(payload)), 0) FROM nightshift_signals WHERE job = ? AND wait IS NULL",
      [SQLValue(job)])
    let (kept, bytes) = (Int(rows.first?.integer(0) ?? 0), Int(rows.first?.integer(1) ?? 0))
    guard kept >= KeptSignal.most || bytes + size > KeptSignal.mostBytes else { return }
    throw SignalRefused(job, kept: kept, bytes: bytes, size: size)
  }
}
