import Foundation
import Logging
import Nightshift
import NightshiftPostgres
import TestSupport

/// A database of a test's own, an engine on it, and a connection beside it as a user's program would have one.
final class TestedDatabase: Sendable {
  private let database: TestPostgres.Database
  let engine: Engine
  var url: String { database.url }

  init() async throws {
    database = try TestPostgres.Database()
    engine = try await Engine(.postgres(url: database.url), logger: Self.quiet)
  }

  static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Closes the engine and removes the database.
  func end() async {
    await engine.close()
    database.drop()
  }

  /// Runs statements one after the other on one connection, and returns the rows of the last.
  func run(_ statements: String...) throws -> [SQLRow] { try PostgresServer.run(statements, at: url) }

  /// Runs statements as a user's program would: with the values that were handed out.
  func run(_ statements: [Statement], end: String) throws {
    let connection = try PostgresPipeline(url: url)
    _ = try connection.send([("BEGIN", PostgresParameters())])
    for statement in statements { _ = try connection.send([(statement.sql, statement.parameters)]) }
    _ = try connection.send([(end, PostgresParameters())])
  }
}

extension Statement {
  fileprivate var parameters: PostgresParameters {
    var parameters = PostgresParameters()
    for value in values {
      switch value {
      case .null: parameters.addNull()
      case .integer(let integer): parameters.add(integer)
      case .text(let text): parameters.add(text)
      case .bytes(let bytes): parameters.add(bytes)
      }
    }
    return parameters
  }
}
