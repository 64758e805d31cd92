import Nightshift

extension APIRequest {
  /// Whether the caller may change what this area is about, so that pages offer only what would be allowed. The routes
  /// check it again.
  func may(_ role: Role, change area: TokenScope.Area) -> Bool {
    guard actor.role >= role, actor.has(TokenScope(area, isWrite: true)) else { return false }
    // What all organizations share is not for somebody of one.
    return actor.organization == nil || !ReachCheck.sharedAreas.contains(area)
  }
}
