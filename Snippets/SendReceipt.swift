//! A job, from its type to its run.

import Nightshift
import NightshiftSQLite

struct SendReceipt: Job {
  static let kind: JobKind = "send-receipt"
  var orderID: Int

  func run(_ context: JobContext) async throws -> String {
    context.progress(0.5, "rendering")
    context.log("the receipt for order \(orderID) is on its way")
    return "receipt-\(orderID).pdf"
  }
}

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(SendReceipt.self)

// Once this returns the job is on disk, and will be run whatever happens to this process.
let id = try await nightshift.enqueue(
  SendReceipt(orderID: 7), queue: "mail", priority: .high, unique: .byPayload(for: .seconds(3600)))
print("enqueued \(id)")

// The worker. It returns when it is stopped, or its task is cancelled.
try await nightshift.run()
