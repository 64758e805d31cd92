import Logging
import Synchronization

extension Engine {
  private static let turn = "nightshift secrets"
  /// The key under which new values are encrypted, so that servers with different keys do not lock each other out.
  private static let mark = "master_key"

  /// Gives this process its master keys, the first one to encrypt with.
  package func provide(masterKeys keys: [MasterKey]) { masterKeys.withLock { $0 = keys } }

  private var keys: [MasterKey] { masterKeys.withLock { $0 } }

  /// Whether any secret was ever set here: then a new master key would be of no use.
  package func hasUsedMasterKey() async throws(StoreError) -> Bool {
    try await store.read { try Self.markedKey($0) != nil || !Self.keyIDs($0).isEmpty }
  }

  /// Sets a secret.
  ///
  /// - Returns: Whether there was none of this name before.
  /// - Throws: ``SecretError``.
  package func setSecret(_ name: String, to value: String, by actor: Actor) async throws -> Bool {
    try SecretRule.check(name: name, value: value)
    let (keys, now) = (keys, clock.now)
    return try await store.write { transaction in
      try transaction.takeTurns(on: Self.turn)
      let key = try Self.currentKey(keys, transaction)
      let former = try transaction.query("SELECT version FROM nightshift_secrets WHERE name = ?", [.text(name)]).first
      // A version is never used twice, also not after the secret was removed: then it begins at the clock.
      let version = try former?.integer(0).map { $0 + 1 } ?? Self.firstVersion(name, transaction)
      let sealed = try key.seal(value, name: name, version: version)
      try transaction.execute(
        """
        INSERT INTO nightshift_secrets(
          name, version, key_id, value, created_at, created_by, updated_at, updated_by, used_at)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, NULL)
        ON CONFLICT(name) DO UPDATE SET version = excluded.version, key_id = excluded.key_id, value = excluded.value,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by
        """,
        [
          .text(name), .integer(version), .text(key.id), .bytes(sealed), SQLValue(now), .text(actor.id), SQLValue(now),
          .text(actor.id),
        ])
      try transaction.audit(
        "set-secret", "secret \(name)", by: actor, at: now,
        detail: ["version": .integer(version), "key": .string(key.id)])
      return former == nil
    }
  }

  /// After the last version that the audit log knows of a removed secret there is no telling; its removal leaves a mark.
  private static func firstVersion(_ name: String, _ transaction: any WriteTransaction) throws(StoreError) -> Int64 {
    let row = try transaction.query(
      "SELECT value FROM nightshift_settings WHERE name = ?", [.text("secret_version \(name)")]
    ).first
    return (row?.text(0).flatMap { Int64($0) } ?? 0) + 1
  }

  /// All secrets by name, without their values.
  package func secrets() async throws(StoreError) -> [SecretSummary] {
    try await store.read { transaction in
      try transaction.query("SELECT \(SecretSummary.columns) FROM nightshift_secrets ORDER BY name")
        .map(SecretSummary.init)
    }
  }

  /// - Returns: `false` if there was none.
  package func removeSecret(_ name: String, by actor: Actor) async throws -> Bool {
    let now = clock.now
    return try await store.write { transaction in
      try transaction.takeTurns(on: Self.turn)
      let row = try transaction.query("SELECT version FROM nightshift_secrets WHERE name = ?", [.text(name)]).first
      guard let version = row?.integer(0) else { return false }
      try transaction.execute("DELETE FROM nightshift_secrets WHERE name = ?", [.text(name)])
      try Self.set("secret_version \(name)", "\(version)", transaction)
      try transaction.audit("remove-secret", "secret \(name)", by: actor, at: now)
      return true
    }
  }

  /// The value of a secret, for a job that asks for it.
  ///
  /// - Throws: ``SecretError``.
  func secret(_ name: String) async throws -> String {
    let row = try await store.read { transaction in
      try transaction.query(
        "SELECT version, key_id, value, used_at FROM nightshift_secrets WHERE name = ?", [.text(name)]
      ).first
    }
    guard let row, let version = row.integer(0), let id = row.text(1), let sealed = row.bytes(2) else {
      throw SecretError.missing(name)
    }
    let value = try Self.open(sealed, name, version, keyID: id, keys)
    if row.timestamp(3).map({ clock.now - $0 >= .seconds(60) }) ?? true { await noteUse(ofSecret: name) }
    return value
  }

  /// At most about once a minute, so that asking is not a write.
  private func noteUse(ofSecret name: String) async {
    let now = clock.now
    do {
      _ = try await store.write { transaction in
        try transaction.execute(
          "UPDATE nightshift_secrets SET used_at = ? WHERE name = ? AND coalesce(used_at, 0) < ?",
          [SQLValue(now), .text(name), SQLValue(now - .seconds(60))])
      }
    } catch {
      logger.debug("the use of a secret could not be noted", metadata: ["error": "\(error)"])
    }
  }

  private static func open(
    _ sealed: [UInt8], _ name: String, _ version: Int64, keyID: String, _ keys: [MasterKey]
  ) throws(SecretError) -> String {
    guard let key = keys.first(where: { $0.id == keyID }) else {
      throw .wrongKey(name, needs: keyID, has: keys)
    }
    do {
      return try key.open(sealed, name: name, version: version)
    } catch {
      // What went wrong says nothing that a person could use, and the value must not be near.
      throw SecretError(
        .damaged,
        "The secret \"\(name)\" cannot be opened although its master key is there: its row in the database was changed. "
          + "Set it anew.")
    }
  }
}

// MARK: Keys

extension Engine {
  private static func markedKey(_ transaction: any ReadTransaction) throws(StoreError) -> String? {
    try transaction.query("SELECT value FROM nightshift_settings WHERE name = ?", [.text(mark)]).first?.text(0)
  }

  private static func keyIDs(_ transaction: any ReadTransaction) throws(StoreError) -> [String: Int] {
    let rows = try transaction.query("SELECT key_id, count(*) FROM nightshift_secrets GROUP BY key_id")
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0)!, Int($0.integer(1)!)) })
  }

  private static func set(_ name: String, _ value: String, _ transaction: any WriteTransaction) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO nightshift_settings(name, value) VALUES(?, ?)
      ON CONFLICT(name) DO UPDATE SET value = excluded.value
      """, [.text(name), .text(value)])
  }

  /// The key for new values: the one that is in use, so that all servers can open them.
  private static func currentKey(_ keys: [MasterKey], _ transaction: any WriteTransaction) throws -> MasterKey {
    guard let first = keys.first else { throw SecretError.noKey }
    guard let marked = try markedKey(transaction) else {
      try set(mark, first.id, transaction)
      return first
    }
    guard let key = keys.first(where: { $0.id == marked }) else {
      throw SecretError(
        .wrongKey,
        "Secrets are encrypted with the master key \(marked) here; this process has "
          + "\(keys.map(\.id).joined(separator: ", ")). Give it that key too, and make the new one the key in use with "
          + "`nightshift secrets rotate`.")
    }
    return key
  }

  /// Makes the first master key of this process the one in use, and encrypts all secrets with it.
  ///
  /// In batches, each of them durable: cut off, it goes on where it was when it is begun again.
  ///
  /// - Returns: How many were encrypted anew.
  package func rotateSecrets(by actor: Actor) async throws -> Int {
    let (keys, now) = (keys, clock.now)
    guard let key = keys.first else { throw SecretError.noKey }
    try await store.write { transaction in
      try transaction.takeTurns(on: Self.turn)
      let rows = try transaction.query("SELECT name, key_id FROM nightshift_secrets ORDER BY name")
      for row in rows where !keys.contains(where: { $0.id == row.text(1)! }) {
        throw SecretError.wrongKey(row.text(0)!, needs: row.text(1)!, has: keys)
      }
      try Self.set(Self.mark, key.id, transaction)
    }
    var count = 0
    while case let batch = try await store.write({ try Self.rotate(to: key, keys, $0) }), batch > 0 { count += batch }
    let rotated = count
    try await store.write { transaction in
      try transaction.audit(
        "rotate-secrets", "secrets", by: actor, at: now,
        detail: ["key": .string(key.id), "count": .integer(Int64(rotated))])
    }
    return count
  }

  private static func rotate(to key: MasterKey, _ keys: [MasterKey], _ transaction: any WriteTransaction) throws -> Int
  {
    try transaction.takeTurns(on: turn)
    let rows = try transaction.query(
      "SELECT name, version, key_id, value FROM nightshift_secrets WHERE key_id <> ? ORDER BY name LIMIT 100",
      [.text(key.id)])
    for row in rows {
      let (name, version) = (row.text(0)!, row.integer(1)!)
      let value = try open(row.bytes(3)!, name, version, keyID: row.text(2)!, keys)
      try transaction.execute(
        "UPDATE nightshift_secrets SET key_id = ?, value = ? WHERE name = ?",
        [.text(key.id), .bytes(try key.seal(value, name: name, version: version)), .text(name)])
    }
    return rows.count
  }

  /// What `nightshift doctor` says of them.
  func secretFinding() async throws(StoreError) -> StoreFinding {
    let ids: [String: Int]
    do throws(StoreError) {
      ids = try await store.read { try Self.keyIDs($0) }
    } catch  where error.code == .wrongVersion {
      return StoreFinding(
        "secrets", isFine: false, found: "the database has no table for them yet", remedy: "run `nightshift db migrate`"
      )
    }
    let held = Set(keys.map(\.id))
    let total = ids.values.reduce(0, +)
    let lost = ids.filter { !held.contains($0.key) }
    guard lost.isEmpty else {
      let names = lost.keys.sorted().joined(separator: ", ")
      return StoreFinding(
        "secrets", isFine: false,
        found: "\(lost.values.reduce(0, +)) of \(total) need the master key \(names), which this process does not have",
        remedy: "give it that key with NIGHTSHIFT_MASTER_KEY or NIGHTSHIFT_MASTER_KEY_FILE, or set those secrets anew")
    }
    return StoreFinding(
      "secrets", isFine: true, found: total == 0 ? "there are none" : "\(total), and their master key is here")
  }
}
