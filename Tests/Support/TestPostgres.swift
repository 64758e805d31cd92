import Foundation
import Nightshift
import NightshiftPostgres

/// The PostgreSQL server that the test script has started, if it has.
package enum TestPostgres {
  /// Names a server in which databases may be made; its path is replaced.
  package static let url = ProcessInfo.processInfo.environment["NIGHTSHIFT_TEST_POSTGRES"]

  /// A database of one test's own.
  package struct Database: Sendable {
    package let name: String
    package let url: String

    /// - Throws: if there is no server, or it refuses.
    package init() throws {
      guard let server = TestPostgres.url, var parts = URLComponents(string: server) else {
        throw CocoaError(.featureUnsupported)
      }
      name = "test_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
      try PostgresServer.run(["CREATE DATABASE \(name)"], at: server)
      parts.path = "/\(name)"
      url = parts.string ?? server
    }

    /// Removes it, with whoever is still connected. One that stays goes with the server.
    package func drop() {
      _ = try? PostgresServer.run(["DROP DATABASE IF EXISTS \(name) WITH (FORCE)"], at: TestPostgres.url ?? "")
    }
  }
}
