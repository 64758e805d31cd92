//! A handler that captures what it needs, and says how it failed.

import Nightshift
import NightshiftSQLite

struct Invoice: Codable, Sendable {
  var customer: String
  var cents: Int
}

struct Bank: Sendable {
  func charge(_ customer: String, _ cents: Int, reference: String) async throws -> Bool { cents < 100_000 }
}

let bank = Bank()
let nightshift = try await Engine(.sqlite(path: "nightshift.db"))

try await nightshift.register(
  "charge", payload: Invoice.self,
  options: KindOptions(queue: "payments", maxAttempts: 8, timeout: .seconds(30))
) { invoice, context in
  guard invoice.cents > 0 else { throw PermanentFailure("nothing to charge") }
  // A job may run twice: with the job's id as its reference, the bank charges once.
  let isCharged = try await bank.charge(invoice.customer, invoice.cents, reference: "\(context.id)")
  guard isCharged else { throw Snooze.for(.seconds(3600), reason: "waits for the bank's approval") }
  return ["charged": invoice.cents]
}
