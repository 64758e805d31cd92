import Foundation
import Nightshift
import Synchronization

/// A few read-only connections, each with a thread of its own, so that a slow query never holds up the writer or the
/// threads that run Swift's tasks.
final class ReaderPool: Sendable {
  typealias Work = @Sendable (Result<SQLiteConnection, StoreError>) -> Void

  private let mailbox = Mailbox<Work>(capacity: 10_000)
  private let path: String
  private let count: Int
  private let threads = Mutex<[ServingThread]>([])

  init(path: String, threads: Int) {
    self.path = path
    count = threads
  }

  func start() {
    let started = (0..<count).map { index in
      ServingThread(name: "nightshift-reader-\(index)") {
        SQLiteConnection?.none
      } serve: { [self] connection in
        serve(&connection)
      }
    }
    threads.withLock { $0 = started }
  }

  /// Returns when all connections are closed.
  func stop() async {
    mailbox.close()
    for thread in threads.withLock({ $0 }) { await thread.waitForEnd() }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any ReadTransaction) throws -> Value
  ) async -> Result<Value, any Error> {
    await withUnsafeContinuation { continuation in
      let accepted = mailbox.put { connection in
        continuation.resume(returning: Result { try Self.snapshot(try connection.get(), body) })
      }
      if !accepted { continuation.resume(returning: .failure(StoreError.closed)) }
    }
  }

  private static func snapshot<Value>(
    _ connection: SQLiteConnection, _ body: (any ReadTransaction) throws -> Value
  ) throws -> Value {
    try connection.execute("BEGIN")
    // Nothing was written, so there is nothing that could fail to be undone.
    defer { try? connection.execute("ROLLBACK") }
    return try body(connection)
  }

  private func open(_ connection: inout SQLiteConnection?) -> Result<SQLiteConnection, StoreError> {
    if let connection { return .success(connection) }
    return Result { () throws(StoreError) in
      let new = try SQLiteConnection(path: path, mode: .reader)
      connection = new
      return new
    }
  }

  private func serve(_ connection: inout SQLiteConnection?) {
    var waiting: [Work] = []
    while true {
      switch mailbox.take(into: &waiting, waiting: connection == nil ? 0 : 2_000, onlyFirst: true) {
      case .closed: return
      // Given back when idle: an idle server keeps no pages of a big search.
      case .timeout: connection = nil
      case .items:
        for work in waiting { work(open(&connection)) }
        waiting.removeAll(keepingCapacity: true)
      }
    }
  }
}

extension SQLiteConnection: ReadTransaction {}
