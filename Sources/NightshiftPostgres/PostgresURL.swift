import CLibPQ
import Foundation
import Nightshift

/// A connection URL as libpq takes it, for example
/// `postgres://user:secret@one,two/nightshift?sslmode=verify-full`.
///
/// Everything that libpq understands may stand in it; see
/// <https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING>.
struct PostgresURL: Sendable, CustomStringConvertible {
  let text: String

  /// - Throws: ``StoreError`` with code `invalid` and libpq's words if it does not parse, `unavailable` if there is no libpq.
  init(_ text: String) throws(StoreError) {
    try ClientLibrary.load()
    var words: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(text, &words)
    defer {
      PQconninfoFree(options)
      PQfreemem(words)
    }
    guard options != nil else {
      throw StoreError(
        .invalid,
        "DATABASE_URL does not parse. Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of "
          + "the password percent-encoded.", cause: words.map { String(cString: $0).trimmedEnd })
    }
    self.text = text
  }

  /// Without the password: this is what logs and messages show.
  var description: String {
    // The last one: a password that was not encoded may hold others, and they must not be taken for the host's.
    guard let scheme = text.range(of: "://"),
      let at = text.range(of: "@", options: .backwards, range: scheme.upperBound..<text.endIndex)
    else { return Self.withoutPassword(text) }
    let user = text[scheme.upperBound..<at.lowerBound].prefix { $0 != ":" }
    return Self.withoutPassword("\(text[..<scheme.upperBound])\(user)\(text[at.lowerBound...])")
  }

  private static func withoutPassword(_ text: String) -> String {
    text.replacing(/(password|sslpassword)=[^&\s]*/) { "\($0.1)=***" }
  }

  /// Connects and waits. What stands before the URL here may be said otherwise in it.
  func connect(role: String) -> OpaquePointer? {
    let defaults = [
      ("connect_timeout", "5"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "5"),
      ("keepalives_interval", "5"), ("keepalives_count", "2"), ("target_session_attrs", "read-write"),
      ("application_name", "nightshift \(role)"),
    ]
    let keywords = defaults.map(\.0) + ["dbname", "client_encoding"]
    let values = defaults.map(\.1) + [text, "UTF8"]
    let copies = (keywords + values).map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let names = copies.prefix(keywords.count).map { UnsafePointer($0) } + [nil]
    let settings = copies.dropFirst(keywords.count).map { UnsafePointer($0) } + [nil]
    return PQconnectdbParams(names, settings, 1)
  }
}
