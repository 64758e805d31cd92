import Nightshift

/// When a pause ends, as it is posted: `until` a moment or `for` a length of time.
enum PauseEnd {
  static func read(_ reader: inout FieldReader, now: Timestamp) -> Timestamp? {
    if reader.has("until"), reader.has("for") {
      reader.refuse("for", "and `until` both say when the pause ends: send one of them")
    }
    if let length = reader.duration("for") { return now + length }
    guard let moment = reader.moment("until").map({ Timestamp($0) }) else { return nil }
    guard moment > now else {
      reader.refuse("until", "must lie in the future; got \(moment.rfc3339), and it is \(now.rfc3339)")
      return nil
    }
    return moment
  }
}
