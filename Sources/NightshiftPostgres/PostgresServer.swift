package import Nightshift

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
