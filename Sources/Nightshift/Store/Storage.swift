/// Where an engine keeps its jobs. Made by the module of a database: `.sqlite(path:)` by `NightshiftSQLite`.
public struct Storage: Sendable {
  package let open: @Sendable ([Migration]) throws(StoreError) -> any Store

  package init(_ open: @escaping @Sendable ([Migration]) throws(StoreError) -> any Store) { self.open = open }
}
