extension ArtifactRecord {
  static let columns = "name, type, size, sha256, attempt, created_at"
  /// The largest artifact, in bytes.
  package static let limit = 32 << 20
  /// Stored in pieces, each a transaction of its own, so that a large file never holds up the writer.
  static let chunk = 256 << 10

  init(_ row: SQLRow) {
    self.init(
      name: row.text(0)!, type: row.text(1)!, size: Int(row.integer(2)!), sha256: row.text(3)!,
      attempt: Int(row.integer(4)!), createdAt: row.timestamp(5)!)
  }
}

extension Engine {
  func attach(_ name: String, type: String, _ bytes: [UInt8], to context: JobContext) async throws {
    try Self.checkArtifact(name, type, bytes)
    let (id, attempt, worker) = (context.id, context.attempt, context.worker)
    var sequence = 0
    var rest = bytes[...]
    repeat {
      let chunk = Array(rest.prefix(ArtifactRecord.chunk))
      rest = rest.dropFirst(ArtifactRecord.chunk)
      let (number, isFirst) = (sequence, sequence == 0)
      try await store.write { transaction in
        try Self.fence(id, attempt, worker, transaction)
        if isFirst { try Self.deleteChunks(name, id, "attempt = ?", attempt, transaction) }
        try transaction.execute(
          "INSERT INTO nightshift_artifact_chunks(job, name, attempt, seq, content) VALUES(?, ?, ?, ?, ?)",
          [SQLValue(id), .text(name), SQLValue(attempt), SQLValue(number), .bytes(chunk)])
      }
      sequence += 1
    } while !rest.isEmpty
    try await publishArtifact(name, type, bytes, context)
  }

  /// Makes the pieces of this attempt the artifact, and drops those of an earlier one.
  private func publishArtifact(_ name: String, _ type: String, _ bytes: [UInt8], _ context: JobContext) async throws {
    let (id, attempt, worker) = (context.id, context.attempt, context.worker)
    let (digest, now) = (Self.fingerprint(bytes), clock.now)
    try await store.write { transaction in
      try Self.fence(id, attempt, worker, transaction)
      try Self.deleteChunks(name, id, "attempt <> ?", attempt, transaction)
      try transaction.execute(
        """
        INSERT INTO nightshift_artifacts(job, name, attempt, type, size, sha256, created_at) VALUES(?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(job, name) DO UPDATE SET
          attempt = excluded.attempt, type = excluded.type, size = excluded.size, sha256 = excluded.sha256,
          created_at = excluded.created_at
        """,
        [
          SQLValue(id), .text(name), SQLValue(attempt), .text(type), SQLValue(bytes.count), .text(digest),
          SQLValue(now),
        ])
    }
  }

  private static func checkArtifact(_ name: String, _ type: String, _ bytes: [UInt8]) throws(ArtifactError) {
    guard !name.isEmpty, name.utf8.count <= 200, !name.contains("/"), name != ".", name != "..",
      name.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
    else {
      throw ArtifactError("\"\(name.prefix(60))\" is no name for an artifact: use a plain file name of 1 to 200 bytes.")
    }
    guard type.contains("/"), type.utf8.count <= 100, type.utf8.allSatisfy({ (33...126).contains($0) || $0 == 32 })
    else {
      throw ArtifactError("\"\(type.prefix(60))\" is no media type: use one such as text/plain.")
    }
    guard bytes.count <= ArtifactRecord.limit else {
      throw ArtifactError(
        "The artifact \"\(name)\" has \(bytes.count) bytes; at most \(ArtifactRecord.limit) are kept. "
          + "Put larger files elsewhere and attach their address.")
    }
  }

  private static func deleteChunks(
    _ name: String, _ job: JobID, _ condition: String, _ attempt: Int, _ transaction: any WriteTransaction
  ) throws(StoreError) {
    try transaction.execute(
      "DELETE FROM nightshift_artifact_chunks WHERE job = ? AND name = ? AND \(condition)",
      [SQLValue(job), .text(name), SQLValue(attempt)])
  }

  private static func fence(
    _ job: JobID, _ attempt: Int, _ worker: WorkerID, _ transaction: any WriteTransaction
  ) throws {
    guard try !transaction.isCurrent(job, attempt, worker) else { return }
    throw ArtifactError("Attempt \(attempt) of \(job) has lost its lease: nothing more is kept of it.")
  }

  /// An artifact with its contents.
  package func artifact(
    _ name: String, of id: JobID
  ) async throws(StoreError) -> (record: ArtifactRecord, bytes: [UInt8])? {
    try await store.read { transaction in
      let rows = try transaction.query(
        "SELECT \(ArtifactRecord.columns) FROM nightshift_artifacts WHERE job = ? AND name = ?",
        [SQLValue(id), .text(name)])
      guard let record = rows.first.map(ArtifactRecord.init) else { return nil }
      let chunks = try transaction.query(
        "SELECT content FROM nightshift_artifact_chunks WHERE job = ? AND name = ? AND attempt = ? ORDER BY seq",
        [SQLValue(id), .text(name), SQLValue(record.attempt)])
      return (record, chunks.flatMap { $0.bytes(0) ?? [] })
    }
  }
}
