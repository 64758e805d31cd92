/// Nobody gives away more than it has itself: else the smallest token that may make tokens would be all of them.
extension Actor {
  /// What keeps it from all that its role may do, for messages; `nil` for nothing.
  ///
  /// Somebody who has signed in, here or at an identity provider, is confined by its role and organization alone: an end
  /// of that only asks for signing in again.
  private var confinement: String? {
    if let scopes { return "is confined to \(Self.listed(scopes))" }
    return expiresAt.map { "ends at \($0.rfc3339)" }
  }

  /// Refuses to make a token that may do more, or that lives longer, than whoever makes it.
  func checkGrant(of token: TokenSummary) throws(AccountError) {
    try check(organization: token.organization)
    guard token.role <= role else {
      throw AccountError(.forbidden, "\"\(id)\" has the role `\(role.rawValue)` and makes no token with a higher one.")
    }
    if let scopes {
      guard let wanted = token.scopes, wanted.allSatisfy(has) else {
        throw AccountError(
          .forbidden,
          "\"\(id)\" is confined to \(Self.listed(scopes)), and makes no token that may do more: name `scopes` among "
            + "these, or use a token without scopes.")
      }
    }
    if let expiresAt {
      guard let end = token.expiresAt, end <= expiresAt else {
        throw AccountError(
          .forbidden,
          "\"\(id)\" ends at \(expiresAt.rfc3339), and makes no token that lives longer: name an earlier end, or use a "
            + "token without one.")
      }
    }
  }

  /// Refuses what would make somebody who may do more than the one who asks, or may do it for longer: people, their
  /// roles, organizations and passwords.
  func checkGrantToPeople(organization: String?) throws(AccountError) {
    try check(organization: organization)
    guard let confinement else { return }
    throw AccountError(
      .forbidden,
      "\"\(id)\" \(confinement), and so adds no users and sets no roles, organizations or passwords, which reach "
        + "further: sign in, or use a token without scopes and without an end.")
  }

  private func check(organization wanted: String?) throws(AccountError) {
    guard let organization, wanted != organization else { return }
    throw AccountError(
      .forbidden, "\"\(id)\" belongs to \"\(organization)\", and lets nobody into what lies outside of it.")
  }

  private static func listed(_ scopes: Set<TokenScope>) -> String {
    let names = scopes.map { "`\($0)`" }.sorted()
    return names.isEmpty ? "nothing" : names.joined(separator: ", ")
  }
}
