extension Migration {
  /// Who may come in: people, their sessions, the organizations they work for.
  static let accounts = Migration(
    module: "core", number: 8, name: "accounts",
    statements: [
      """
      CREATE TABLE nightshift_organizations(
        name {text} NOT NULL PRIMARY KEY, title {text}, created_at {int} NOT NULL, created_by {text} NOT NULL) {clustered}
      """,
      """
      CREATE TABLE nightshift_users(
        id {id}, name {text} NOT NULL UNIQUE, title {text}, role {text} NOT NULL, organization {text},
        password {text} NOT NULL, is_temporary {int} NOT NULL, created_at {int} NOT NULL, created_by {text} NOT NULL,
        password_at {int} NOT NULL, signed_in_at {int}, disabled_at {int})
      """,
      // The secret is in the browser's cookie only; here is its hash.
      """
      CREATE TABLE nightshift_sessions(
        id {id}, sha256 {text} NOT NULL UNIQUE, account {int} NOT NULL, created_at {int} NOT NULL,
        used_at {int} NOT NULL, expires_at {int} NOT NULL, address {text}, agent {text})
      """,
      "CREATE INDEX nightshift_sessions_account ON nightshift_sessions(account)",
      "CREATE INDEX nightshift_sessions_end ON nightshift_sessions(expires_at)",
      // Failed attempts to sign in: of a name, of an address, and of both together.
      """
      CREATE TABLE nightshift_sign_in_failures(
        subject {text} NOT NULL PRIMARY KEY, failures {int} NOT NULL, last_at {int} NOT NULL, locked_until {int})
        {clustered}
      """,
      "CREATE INDEX nightshift_sign_in_failures_last ON nightshift_sign_in_failures(last_at)",
      "ALTER TABLE nightshift_tokens ADD COLUMN scopes {text}",
      "ALTER TABLE nightshift_tokens ADD COLUMN organization {text}",
    ])
}

extension Migration {
  /// For each store to add to its own table of payloads: a member sees its own jobs and an organization its own, found
  /// without walking through those of all others.
  package static let ownership = [
    "CREATE INDEX nightshift_payloads_owner ON nightshift_payloads(owner, id) WHERE owner IS NOT NULL",
    """
    CREATE INDEX nightshift_payloads_organization ON nightshift_payloads(organization, id)
      WHERE organization IS NOT NULL
    """,
  ]
}
