/// The filter of a page that somebody has kept under a name.
package struct SavedView: Sendable, Hashable {
  package var name: String
  /// The path of the page.
  package var page: String
  /// The query of its address.
  package var query: String

  package init(name: String, page: String, query: String) {
    self.name = name
    self.page = page
    self.query = query
  }
}

extension Engine {
  /// More would be no help any more.
  package static let mostViews = 50

  /// What somebody has kept for a page, by name.
  package func views(of owner: String, page: String) async throws(StoreError) -> [SavedView] {
    try await store.read { transaction in
      guard try transaction.hasTables(of: Migration.deadLetters.step) else { return [] }
      return try transaction.query(
        "SELECT name, page, query FROM nightshift_views WHERE owner = ? AND page = ? ORDER BY name LIMIT 50",
        [.text(owner), .text(page)]
      ).map { row in SavedView(name: row.text(0)!, page: row.text(1)!, query: row.text(2)!) }
    }
  }

  /// Keeps a view; one of the same name is replaced.
  ///
  /// - Returns: Whether there was room for it.
  package func keep(_ view: SavedView, of owner: String) async throws -> Bool {
    let now = clock.now
    return try await store.write { transaction in
      let others = try transaction.query(
        "SELECT count(*) FROM nightshift_views WHERE owner = ? AND page = ? AND name <> ?",
        [.text(owner), .text(view.page), .text(view.name)])
      guard (others.first?.integer(0) ?? 0) < Int64(Self.mostViews) else { return false }
      try transaction.execute(
        """
        INSERT INTO nightshift_views(owner, name, page, query, created_at) VALUES(?, ?, ?, ?, ?)
        ON CONFLICT(owner, page, name) DO UPDATE SET query = excluded.query
        """, [.text(owner), .text(view.name), .text(view.page), .text(view.query), SQLValue(now)])
      return true
    }
  }

  package func removeView(_ name: String, page: String, of owner: String) async throws -> Bool {
    try await store.write { transaction in
      try transaction.execute(
        "DELETE FROM nightshift_views WHERE owner = ? AND page = ? AND name = ?",
        [.text(owner), .text(page), .text(name)]) > 0
    }
  }
}
