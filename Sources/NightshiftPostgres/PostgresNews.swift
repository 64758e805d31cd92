import Foundation
import Nightshift

/// What one process tells the others after its commits, as the payload of a `NOTIFY`.
struct PostgresNews: Codable, Equatable {
  static let channel = "nightshift"
  /// A payload must stay below 8,000 bytes: https://www.postgresql.org/docs/15/sql-notify.html
  private static let limit = 7_900

  /// Who says it; `nil` if it comes from SQL.
  var from: Int64?
  /// Queues in which jobs became ready.
  var queues: Set<String>?
  /// The earliest moment at which something scheduled is due, in microseconds.
  var due: Int64?
  /// Jobs whose running attempt was asked to stop.
  var cancel: [Int64]?
  /// Whether anything else has changed.
  var changed: Bool?

  var isEmpty: Bool { queues == nil && due == nil && cancel == nil && changed == nil }

  mutating func add(_ notice: CommitNotice, changesMore: Bool) {
    if !notice.readyQueues.isEmpty { queues = (queues ?? []).union(notice.readyQueues) }
    if let next = notice.nextDue?.microseconds { due = min(due ?? next, next) }
    if !notice.cancelRequests.isEmpty { cancel = (cancel ?? []) + notice.cancelRequests.map(\.rawValue) }
    if changesMore { changed = true }
  }

  /// As text; when that would be too long, only that something has changed, and who hears it looks for itself.
  func text() -> String {
    if let text = encoded(), text.utf8.count < Self.limit { return text }
    return PostgresNews(from: from, changed: true).encoded() ?? "{}"
  }

  private func encoded() -> String? {
    // Sets, numbers and strings: there is nothing in it that could not be encoded.
    (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) }
  }

  init(
    from: Int64? = nil, queues: Set<String>? = nil, due: Int64? = nil, cancel: [Int64]? = nil, changed: Bool? = nil
  ) {
    self.from = from
    self.queues = queues
    self.due = due
    self.cancel = cancel
    self.changed = changed
  }

  /// What another process has said. What cannot be read is taken for a change of some kind.
  init(reading text: String) {
    self = (try? JSONDecoder().decode(PostgresNews.self, from: Data(text.utf8))) ?? PostgresNews(changed: true)
  }

  var notice: CommitNotice {
    var notice = CommitNotice()
    notice.readyQueues = queues ?? []
    notice.nextDue = due.map(Timestamp.init(microseconds:))
    notice.cancelRequests = (cancel ?? []).map(JobID.init(rawValue:))
    notice.foreignChange = changed ?? false
    return notice
  }
}
