extension Redaction {
  /// A text without those that are hidden, wherever they stand in it: also where they overlap, or one is a part of
  /// another.
  package static func masked(_ text: String, _ hidden: Set<String>) -> String {
    let bytes = Array(text.utf8)
    var found = hidden.flatMap { places(of: Array($0.utf8), in: bytes) }
    guard !found.isEmpty else { return text }
    found.sort { $0.lowerBound < $1.lowerBound }
    let mark = Array((mark.stringValue ?? "").utf8)
    var masked: [UInt8] = []
    var end = 0
    for place in found {
      // What goes on where another one ends is masked with it.
      if place.lowerBound > end || masked.isEmpty { masked += bytes[end..<place.lowerBound] + mark }
      end = max(end, place.upperBound)
    }
    return String(decoding: masked + bytes[end...], as: UTF8.self)
  }

  /// By bytes: a letter may be read as one with what stands behind it, and is to be found all the same.
  private static func places(of text: [UInt8], in bytes: [UInt8]) -> [Range<Int>] {
    guard let first = text.first, bytes.count >= text.count else { return [] }
    var places: [Range<Int>] = []
    for start in 0...(bytes.count - text.count) where bytes[start] == first {
      let place = start..<(start + text.count)
      if bytes[place].elementsEqual(text) { places.append(place) }
    }
    return places
  }
}

extension Redaction {
  /// A job's log lines without the hidden values of its own events, and without what is hidden of the job.
  package func redacted(_ lines: [LogLine], hiding hidden: Set<String>) -> [LogLine] {
    guard !paths.isEmpty else { return lines }
    var (shown, hidden) = (lines, hidden)
    for index in shown.indices where shown[index].level == "event" {
      // Written by us, as JSON.
      guard var event = (try? JSONValue(parsing: shown[index].message.utf8))?.objectValue else { continue }
      event["data"] = event["data"].map { redacted($0, collecting: &hidden) }
      shown[index].message = JSONValue.object(event).description
    }
    for index in shown.indices { shown[index].message = Redaction.masked(shown[index].message, hidden) }
    return shown
  }
}

extension Engine {
  /// Jobs as somebody may see them who does not see all that their payloads hold: what their tags and reasons repeat of
  /// it is hidden.
  package func redacted(_ jobs: [JobSummary], by redaction: Redaction) async throws(StoreError) -> [JobSummary] {
    guard jobs.contains(where: \.hasWords) else { return jobs }
    return try await store.read { transaction in
      try jobs.map { job throws(StoreError) in
        guard job.hasWords else { return job }
        let rows = try transaction.query("SELECT payload FROM nightshift_payloads WHERE id = ?", [SQLValue(job.id)])
        var texts: Set<String> = []
        // What is no JSON has no names, and hides nothing.
        if let bytes = rows.first?.bytes(0), let payload = try? JSONValue(parsing: bytes) {
          _ = redaction.redacted(payload, collecting: &texts)
        }
        return job.masked(texts)
      }
    }
  }
}

extension JobSummary {
  fileprivate var hasWords: Bool { !tags.isEmpty || cancelReason != nil }

  /// Without texts that are hidden.
  package func masked(_ hidden: Set<String>) -> JobSummary {
    var masked = self
    masked.tags = tags.map { Redaction.masked($0, hidden) }
    masked.cancelReason = cancelReason.map { Redaction.masked($0, hidden) }
    return masked
  }
}
