//! One job for many events, and not too many jobs.

import Nightshift
import NightshiftSQLite

struct SyncCompany: Job {
  static let kind: JobKind = "sync-company"
  var id: Int

  func run(_ context: JobContext) async throws { context.log("company \(id) is synchronised") }
}

struct Remind: Job {
  static let kind: JobKind = "remind"
  var user: Int

  func run(_ context: JobContext) async throws { context.log("user \(user) is reminded") }
}

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(SyncCompany.self)
try await nightshift.register(Remind.self)

// Once nothing has come for 30 seconds, with what came last; ten minutes after the first at the latest.
try await nightshift.enqueue(
  SyncCompany(id: 7), debounce: .by("company-7", quiet: .seconds(30), atMost: .seconds(600)))

// Three in any hour; what is too many is left out.
try await nightshift.enqueue(Remind(user: 7), throttle: .by("user-7", 3, per: .seconds(3600)))
