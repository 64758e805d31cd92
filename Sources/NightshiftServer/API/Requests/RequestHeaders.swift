import HTTPTypes
import Nightshift

extension HTTPField.Name {
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
  static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
  static let prefer = HTTPField.Name("Prefer")!
  static let preferenceApplied = HTTPField.Name("Preference-Applied")!
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
  static let traceContext = HTTPField.Name("Traceparent")!
}

extension HTTPFields {
  /// The value of `Idempotency-Key`. The draft standard wants it in quotes, most clients send it without.
  func idempotencyKey() throws(Problem) -> String? {
    guard let field = self[.idempotencyKey] else { return nil }
    let key =
      field.count >= 2 && field.hasPrefix("\"") && field.hasSuffix("\"")
      ? String(field.dropFirst().dropLast()) : field
    guard (1...200).contains(key.utf8.count) else {
      throw .invalid([.init(place: .header("Idempotency-Key"), detail: "must be 1 to 200 bytes long")])
    }
    return key
  }

  /// How long the caller prefers to wait for the outcome (`Prefer: wait=30`, RFC 7240); `nil` not at all. At
  /// most a minute, since what lies between drops connections on which nothing happens. Unknown preferences
  /// are ignored, as the standard asks.
  func preferredWait() -> Int? {
    for preference in self[values: .prefer].flatMap({ $0.split(separator: ",") }) {
      let parts = preference.split(separator: ";")[0].split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].trimmingSpaces.lowercased() == "wait",
        let seconds = Int(parts[1].trimmingSpaces), seconds > 0
      else { continue }
      return Swift.min(seconds, 60)
    }
    return nil
  }

  /// The W3C trace context. One that is malformed is ignored, as that standard asks.
  var validTraceparent: String? {
    guard let text = self[.traceContext] else { return nil }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts.prefix(4).map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff",
      parts[0] != "00" || parts.count == 4,
      parts.prefix(4).allSatisfy({ $0.allSatisfy { $0.isHexDigit && $0.isASCII && !$0.isUppercase } }),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    // What is handed on is version 00, whatever came in.
    return "00-\(parts[1])-\(parts[2])-\(parts[3])"
  }

  /// Whether the caller has this version already.
  func matches(etag: String) -> Bool {
    let known = self[values: .ifNoneMatch].flatMap { $0.split(separator: ",").map(\.trimmingSpaces) }
    // Compared weakly, as `If-None-Match` is.
    let bare = etag.dropWeakness
    return known.contains { $0 == "*" || $0.dropWeakness == bare }
  }
}

extension String {
  fileprivate var dropWeakness: Substring { hasPrefix("W/") ? dropFirst(2) : self[...] }
}
