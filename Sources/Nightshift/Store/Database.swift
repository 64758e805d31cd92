/// The lower storey of the seam: a small, portable SQL surface for all that is not the hot path.
///
/// A concept's statements lie beside the concept and are written once for every database. The rules: parameters are
/// `?` in order of appearance, JSON is decoded in Swift, times are ``Timestamp``, and two transactions that may meet
/// on a row call ``WriteTransaction/lock(_:where:_:)`` before they read it.
package protocol Database: Sendable {
  /// Reads from one consistent snapshot. Keep it short: a long reader keeps the log from being recycled.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async throws(StoreError) -> Value

  /// Writes all of `body` durably, or nothing of it.
  ///
  /// `body` may be run again, so it must have no effect outside the transaction. Whatever it throws is handed on
  /// after the transaction is undone; errors other than ``StoreError`` arrive as the cause they are.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WriteTransaction) throws -> Value
  ) async throws -> Value
}

/// What a read may do.
package protocol ReadTransaction {
  func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow]
}

/// What a write may do: portable SQL, and the store's verbs in the same transaction.
package protocol WriteTransaction: ReadTransaction {
  /// Runs a statement and tells how many rows it changed.
  @discardableResult
  func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> Int

  /// Locks rows against other writers until the end of the transaction (nothing to do where writers take turns).
  func lock(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError)

  /// Keeps rows as they are until the end of the transaction: others may keep them too, but nobody may change, delete or
  /// ``lock(_:where:_:)`` them (nothing to do where writers take turns).
  func keep(_ table: String, where condition: String, _ values: [SQLValue]) throws(StoreError)

  /// Lets transactions that name the same key run one after the other, to the end of this one (nothing to do where
  /// there is one writer at a time).
  func takeTurns(on key: String) throws(StoreError)

  /// Numbers the next row of a table whose ids the database makes beyond all that are there: some may have been added
  /// with ids of their own (nothing to do where it counts from the largest anyway).
  func continueNumbering(of table: String) throws(StoreError)

  /// The transaction with the verbs that are written once for all stores.
  var session: any StoreSession { get }

  func insert(_ jobs: [NewJob], now: Timestamp) throws(StoreError) -> [InsertOutcome]
  func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettleOutcome]
  func change(_ change: JobChange, of jobs: [JobID], now: Timestamp) throws(StoreError) -> [ChangeOutcome]
}

extension ReadTransaction {
  package func query(_ sql: String) throws(StoreError) -> [SQLRow] { try query(sql, []) }
}

extension WriteTransaction {
  @discardableResult
  package func execute(_ sql: String) throws(StoreError) -> Int { try execute(sql, []) }
}
