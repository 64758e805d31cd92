//! A job that comes into being together with what it is about, in one transaction of your own connection.

import Nightshift
import NightshiftSQLite

struct WelcomeCustomer: Job {
  static let kind: JobKind = "welcome-customer"
  var name: String

  func run(_ context: JobContext) async throws { context.log("welcome, \(name)") }
}

/// The database library that you use already, on the same file.
protocol Connection {
  func execute(_ sql: String, _ values: [Statement.Value]) throws
}

func signUp(_ name: String, _ connection: any Connection, _ nightshift: Engine) async throws {
  let statements = try await nightshift.statements(for: WelcomeCustomer(name: name))
  try connection.execute("BEGIN IMMEDIATE", [])
  do {
    try connection.execute("INSERT INTO customers(name) VALUES(?)", [.text(name)])
    for statement in statements { try connection.execute(statement.sql, statement.values) }
    try connection.execute("COMMIT", [])
  } catch {
    try connection.execute("ROLLBACK", [])
    throw error
  }
}
