//! A job that is run by the clock, and knows which moment it stands for.

import Foundation
import Nightshift
import NightshiftSQLite

struct SendReport: Job {
  static let kind: JobKind = "send-report"

  func run(_ context: JobContext) async throws {
    // The time that the schedule names, however late the job runs. Without one somebody runs it by hand.
    let day = try await context.slotTime ?? Date()
    context.log("the report for \(day)")
  }
}

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(SendReport.self)

// At each start: the same schedule again changes nothing.
var options = ScheduleOptions()
options.overlap = .skip
try await nightshift.schedule(
  "nightly-report", SendReport(), "0 2 * * *", in: TimeZone(identifier: "Europe/Berlin")!, options)
try await nightshift.run()
