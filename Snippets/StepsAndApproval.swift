//! Steps that are not run twice, and a question to a person in between.

import Nightshift
import NightshiftSQLite

struct PayInvoice: Job {
  static let kind: JobKind = "pay-invoice"
  var invoice: Int

  func run(_ context: JobContext) async throws {
    // Kept: a later attempt gets the result, and does not ask the bank again.
    let amount = try await context.step("look up") { try await amountDue(invoice) }

    // Parks the job until somebody has decided. It holds no worker, and survives restarts.
    let decision = try await context.approval(
      "pay", title: "Pay \(amount) for invoice \(invoice)?", showing: ["amount": amount])
    let approved = try decision.data(as: [String: Int].self)

    // Started at most once, whatever happens: cut off by a crash, it becomes a question to a person.
    try await context.step("transfer", .once) { try await transfer(approved["amount"] ?? 0) }
  }
}

func amountDue(_ invoice: Int) async throws -> Int { invoice * 100 }
func transfer(_ amount: Int) async throws { print("transferred \(amount)") }

let nightshift = try await Engine(.sqlite(path: "nightshift.db"))
try await nightshift.register(PayInvoice.self)
try await nightshift.enqueue(PayInvoice(invoice: 7))
try await nightshift.run()
