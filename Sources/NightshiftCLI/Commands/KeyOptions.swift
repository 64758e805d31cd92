import ArgumentParser
import Nightshift

/// `--debounce` and `--throttle` with what goes with them.
struct KeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run it once no other with its key has come for this time, and once for all of them.", valueName: "duration"))
  var debounce: DurationArgument?

  @Option(
    help: ArgumentHelp("With --debounce, the longest that the first of them waits.", valueName: "duration"))
  var atMost: DurationArgument?

  @Option(
    help: ArgumentHelp("With --debounce, whose payload counts (default: last).", valueName: "which"),
    completion: .list(Debounce.Payload.allCases.map(\.rawValue)))
  var keep: Debounce.Payload?

  @Option(
    help: ArgumentHelp("Let only so many with its key come within a time, such as 1/10m or 5/1h.", valueName: "rate"),
    transform: ThrottleArgument.init)
  var throttle: ThrottleArgument?

  @Flag(help: "With --throttle, put it off to the next free place instead of leaving it out.")
  var later = false

  @Option(
    help: ArgumentHelp(
      "With --debounce or --throttle, what counts as the same (default: the payload).", valueName: "key"))
  var key: String?

  func validate() throws {
    guard debounce == nil || throttle == nil else { throw ValidationError("Use --debounce or --throttle, not both.") }
    guard debounce != nil || (atMost == nil && keep == nil) else {
      throw ValidationError("--at-most and --keep go with --debounce.")
    }
    guard throttle != nil || !later else { throw ValidationError("--later goes with --throttle.") }
    guard debounce != nil || throttle != nil || key == nil else {
      throw ValidationError("--key goes with --debounce or --throttle; for a unique job it is --unique KEY.")
    }
  }

  /// What the API is told.
  var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    if let debounce {
      fields["debounce"] = .fields([
        "key": key.map { .string($0) }, "quiet": .string(debounce.duration.text),
        "atMost": atMost.map { .string($0.duration.text) }, "keep": keep.map { .string($0.rawValue) },
      ])
    }
    if let throttle {
      fields["throttle"] = .fields([
        "key": key.map { .string($0) }, "limit": .integer(Int64(throttle.limit)),
        "per": .string(throttle.per.text), "excess": later ? "later" : nil,
      ])
    }
    return fields
  }
}

/// So many within a time: `5/1h`.
struct ThrottleArgument: Sendable {
  var limit: Int
  var per: Duration

  /// - Throws: `ValidationError` with what would be right.
  init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let limit = Int(parts[0]) else {
      throw ValidationError("Give a count and a time, such as 1/10m or 5/1h.")
    }
    guard (1...Throttle.mostPlaces).contains(limit) else {
      let remedy = limit < 1 ? " To let none come, do not enqueue them." : ""
      throw ValidationError("The count must be 1 to \(Throttle.mostPlaces).\(remedy)")
    }
    guard let per = Duration(text: String(parts[1])), per > .zero, per <= Throttle.longest else {
      throw ValidationError("The time must be a length such as 10s, 5m or 1h: more than 0, and at most 366d.")
    }
    (self.limit, self.per) = (limit, per)
  }
}
