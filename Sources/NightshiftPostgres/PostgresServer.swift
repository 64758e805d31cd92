package import Nightshift

/// A connection for whoever measures: statements in one piece, as the store sends them, and nothing around them.
package final class PostgresPipeline {
  private let connection: PostgresConnection

  package init(url: String) throws(StoreError) {
    let target = try PostgresURL(url)
    do throws(PostgresFault) {
      connection = try PostgresConnection(target, role: "bench")
    } catch {
      throw error.error
    }
  }

  /// Sends statements in one piece and returns their results.
  package func send(
    _ requests: [(sql: String, parameters: PostgresParameters)]
  ) throws(StoreError) -> [PostgresResult] {
    do throws(PostgresFault) {
      return try connection.send(requests, within: .seconds(600))
    } catch {
      throw error.error
    }
  }
}

/// What is done to a server as a whole, outside of any store.
package enum PostgresServer {
  /// Runs statements one by one, each in a transaction of its own, and returns the rows of the last.
  @discardableResult
  package static func run(_ statements: [String], at url: String) throws(StoreError) -> [SQLRow] {
    let target = try PostgresURL(url)
    do throws(PostgresFault) {
      let connection = try PostgresConnection(target, role: "administration")
      var rows: [SQLRow] = []
      for statement in statements { rows = try connection.send([(statement, PostgresParameters())])[0].rows }
      return rows
    } catch {
      throw error.error
    }
  }
}
