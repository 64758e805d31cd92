import Foundation
import Logging
import Nightshift
import NightshiftPostgres
import NightshiftSQLite

/// Where the store is, as `DATABASE_URL` names it.
enum DatabaseLocation: Sendable, Equatable, CustomStringConvertible {
  /// A SQLite file.
  case file(path: String)
  /// A PostgreSQL database; the URL may hold a password.
  case server(url: String)

  /// Reads `sqlite:PATH`, `sqlite:///PATH`, `file:PATH`, and `postgres://…` as libpq takes it.
  init(url: String) throws(CommandFailure) {
    guard let colon = url.firstIndex(of: ":") else {
      throw CommandFailure("DATABASE_URL has no scheme. \(Self.rule)")
    }
    let scheme = url[..<colon].lowercased()
    switch scheme {
    case "sqlite", "file":
      let path = Self.path(String(url[url.index(after: colon)...]))
      guard !path.isEmpty else { throw CommandFailure("DATABASE_URL names no file. \(Self.rule)") }
      self = .file(path: path)
    case "postgres", "postgresql":
      do throws(StoreError) {
        try PostgresStore.check(url: url)
      } catch {
        throw CommandFailure("\(error)")
      }
      self = .server(url: url)
    default:
      throw CommandFailure("DATABASE_URL begins with \"\(scheme):\", which is no database of ours. \(Self.rule)")
    }
  }

  static let rule = "Use sqlite:/path/to/nightshift.db or postgres://user:password@host/database."

  /// `//` begins an authority, which a file has not: `sqlite:///a` and `sqlite:/a` are the same file.
  private static func path(_ text: String) -> String {
    let path = text.hasPrefix("//") ? String(text.dropFirst(2)) : text
    let plain = path.prefix { $0 != "?" }
    return plain.removingPercentEncoding ?? String(plain)
  }

  var isFile: Bool { if case .file = self { true } else { false } }

  /// For people, without a password.
  var description: String {
    switch self {
    case .file(let path): path
    case .server(let url): PostgresStore.shown(url: url)
    }
  }

  /// The URL as it was written, without a password.
  func shown(as url: String) -> String {
    if case .server = self { description } else { url }
  }

  /// The storage itself.
  func storage(_ logger: Logger) -> Storage {
    switch self {
    case .file(let path): .sqlite(path: path)
    case .server(let url): .postgres(url: url) { logger.notice("\($0)") }
    }
  }

  /// The file, for what only a file can do.
  ///
  /// - Parameters:
  ///   - command: What was asked for: `db backup`.
  ///   - instead: What does the same for a PostgreSQL database.
  func file(for command: String, instead: String) throws(CommandFailure) -> String {
    guard case .file(let path) = self else {
      throw CommandFailure("`nightshift \(command)` is for SQLite files, and DATABASE_URL names PostgreSQL. \(instead)")
    }
    return path
  }
}
