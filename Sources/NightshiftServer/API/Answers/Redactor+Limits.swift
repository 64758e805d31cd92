import Nightshift

extension APIRequest {
  /// A value of a limit's key as the caller may see it. They are customers of all organizations, and perhaps what payloads
  /// hide: then only how many jobs each has is told.
  func shown(key: String, of limit: Limit) -> String {
    guard !key.isEmpty else { return key }
    guard actor.reach.isEverything else { return Redactor.mark }
    guard let redactor = Redactor.current, case .payload(let pointer)? = limit.key else { return key }
    return redactor.hides(key, at: pointer) ? Redactor.mark : key
  }
}

extension Redactor {
  /// Whether the value that stands at a place of payloads, as limits write it, is hidden or holds what is.
  fileprivate func hides(_ key: String, at pointer: String) -> Bool {
    if redaction.hides(.string(key), at: pointer) { return true }
    guard key.hasPrefix("{") || key.hasPrefix("[") else { return false }
    // A text that only begins like JSON is told as it is.
    guard let value = try? JSONValue(parsing: key.utf8) else { return false }
    return redaction.hides(value, at: pointer)
  }
}
