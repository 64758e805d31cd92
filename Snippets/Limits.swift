//! Limits: how many jobs may run at a time, or begin within a time, for each customer.

import Nightshift
import NightshiftSQLite

struct SendMail: Job {
  static let kind: JobKind = "send-mail"
  var customer: String

  func run(_ context: JobContext) async throws { context.log("a mail for \(customer)") }
}

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(SendMail.self)

// Two at a time for each customer, on all machines together; and customers take turns.
try await nightshift.set(Limit("per-customer", queues: ["mail"], by: .payload("/customer"), concurrency: 2))
// The provider takes 500 calls a minute, evenly spaced, from whatever kind of job they come.
try await nightshift.set(
  Limit("provider", kinds: ["send-mail", "send-letter"], rate: .smooth(500, per: .seconds(60))))
// No limit, but turns: one tenant's million jobs do not hold up another's one.
try await nightshift.set(Limit("fair", queues: ["reports"], by: .organization))

var options = JobOptions()
options.queue = "mail"
// For limits by `.key`: whatever tells these jobs apart from others.
options.limitKey = "eu-west"
try await nightshift.enqueue(SendMail(customer: "acme"), options)

try await nightshift.removeLimit("fair")
try await nightshift.run()
