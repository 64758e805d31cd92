package import Nightshift

extension Engine {
  /// The payloads of a kind's jobs that are not over yet, oldest first.
  package func unfinishedPayloads(of kind: JobKind) async throws(StoreError) -> [[UInt8]] {
    try await store.read { transaction in
      try transaction.query(
        """
        SELECT p.payload FROM nightshift_jobs j JOIN nightshift_payloads p ON p.id = j.id
        WHERE j.kind = ? AND j.state < 5 ORDER BY j.id
        """, [.text(kind.rawValue)]
      ).compactMap { $0.bytes(0) }
    }
  }
}
