import Foundation

/// Where the store is, as `DATABASE_URL` names it.
struct DatabaseLocation: Sendable, Equatable {
  /// The SQLite file.
  var path: String

  init(path: String) { self.path = path }

  /// Reads `sqlite:PATH`, `sqlite:///PATH` and `file:PATH`.
  init(url: String) throws(CommandFailure) {
    guard let colon = url.firstIndex(of: ":") else {
      throw CommandFailure("DATABASE_URL has no scheme. Use sqlite:/path/to/nightshift.db.")
    }
    let scheme = url[..<colon].lowercased()
    switch scheme {
    case "sqlite", "file": path = Self.path(String(url[url.index(after: colon)...]))
    case "postgres", "postgresql":
      // The URL is not shown: it holds a password.
      throw CommandFailure(
        "DATABASE_URL names a PostgreSQL database, and this build has no PostgreSQL yet. "
          + "Use sqlite:/path/to/nightshift.db, or leave it out for nightshift.db in the data folder.")
    default:
      throw CommandFailure(
        "DATABASE_URL begins with \"\(scheme):\", which is no database of ours. Use sqlite:/path/to/nightshift.db."
      )
    }
    guard !path.isEmpty else {
      throw CommandFailure("DATABASE_URL names no file. Use sqlite:/path/to/nightshift.db.")
    }
  }

  /// `//` begins an authority, which a file has not: `sqlite:///a` and `sqlite:/a` are the same file.
  private static func path(_ text: String) -> String {
    let path = text.hasPrefix("//") ? String(text.dropFirst(2)) : text
    let plain = path.prefix { $0 != "?" }
    return plain.removingPercentEncoding ?? String(plain)
  }
}
