/// The next times of an expression.
package enum SchedulePreview {
  package static let most = 1_000

  /// The next times, each in UTC and as local clocks show it, with what a change of the clocks has to do with it.
  ///
  /// - Throws: ``ScheduleError`` for a wrong expression or zone, or if there is no time at all.
  package static func json(
    _ expression: String, zone: String, from moment: Timestamp, count: Int, _ timelines: ZoneTimelines
  ) throws(ScheduleError) -> JSONValue {
    let json: JSONValue = ["expression": .string(expression), "zone": .string(zone), "kind": "preview"]
    let definition = try ScheduleDefinition(json: json, timelines)
    let times = definition.preview(from: moment, count: count)
    guard times != [] else {
      throw ScheduleError(.invalid, [.init("#/expression", "never fires in \(zone) within fifty years")])
    }
    return times
  }

  /// When an expression fires, in plain words.
  package static func words(_ expression: String) throws(ScheduleError) -> String {
    do throws(CronError) {
      return try Cadence(parsing: expression).words
    } catch {
      throw ScheduleError(.invalid, [.init("#/expression", error.description)])
    }
  }
}

extension ScheduleDefinition {
  /// The next times after a moment, as the API shows them.
  package func preview(from moment: Timestamp, count: Int) -> JSONValue {
    var times: [JSONValue] = []
    var last = moment
    while times.count < count, let next = next(after: last) {
      let note = next.note.map { JSONValue.string($0.description) } ?? .null
      times.append(["utc": .string(next.utc), "local": .string(next.local(in: shownIn ?? timeline)), "note": note])
      last = next.timestamp
    }
    return .array(times)
  }
}
