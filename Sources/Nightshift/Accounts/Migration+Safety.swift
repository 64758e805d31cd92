extension Migration {
  /// The audit log's chain, and secrets.
  static let safety = Migration(
    module: "core", number: 11, name: "sealed audit log and secrets",
    statements: [
      // Both are set once the entry has its place in the chain: soon after it was written, see ``AuditSealer``.
      "ALTER TABLE nightshift_audit ADD COLUMN seq {int}",
      "ALTER TABLE nightshift_audit ADD COLUMN hash {bytes}",
      "CREATE INDEX nightshift_audit_unsealed ON nightshift_audit(id) WHERE seq IS NULL",
      "CREATE UNIQUE INDEX nightshift_audit_seq ON nightshift_audit(seq) WHERE seq IS NOT NULL",
      """
      CREATE TABLE nightshift_secrets(
        name {text} NOT NULL PRIMARY KEY, version {int} NOT NULL, key_id {text} NOT NULL, value {bytes} NOT NULL,
        created_at {int} NOT NULL, created_by {text} NOT NULL, updated_at {int} NOT NULL, updated_by {text} NOT NULL,
        used_at {int})
      """,
    ])
}
