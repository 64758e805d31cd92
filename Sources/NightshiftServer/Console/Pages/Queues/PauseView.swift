import Nightshift

/// A pause, in words. The partial `pause-words` shows it.
struct PauseView: Sendable {
  let since: TimeView
  let by: String?
  let reason: String?
  let until: TimeView?

  init(_ pause: Pause, now: Timestamp) {
    since = TimeView(pause.since, now: now)
    (by, reason) = (pause.by, pause.reason)
    until = TimeView(pause.until, now: now)
  }

  init(_ pause: PausedKind, now: Timestamp) {
    since = TimeView(pause.since, now: now)
    (by, reason) = (pause.by, pause.reason)
    until = TimeView(pause.until, now: now)
  }
}

/// The form that pauses something. The partial `pause-form` shows it.
struct PauseForm: Sendable {
  struct Length: Sendable {
    let value: String
    let text: String
  }

  /// Where it is sent, without the verb.
  let path: String
  /// What stands before the names of its fields' ids, of which a page may have several.
  let mark: String
  let verb: String
  let lengths = [
    Length(value: "", text: "until somebody ends it"), Length(value: "15m", text: "for 15 minutes"),
    Length(value: "1h", text: "for an hour"), Length(value: "4h", text: "for 4 hours"),
    Length(value: "12h", text: "for 12 hours"), Length(value: "1d", text: "for a day"),
    Length(value: "7d", text: "for a week"),
  ]

  /// What was sent: the reason, and when the pause ends.
  static func read(_ request: APIRequest) throws(Problem) -> (reason: String?, until: Timestamp?) {
    let reason = request.form["reason"]?.truncatedUTF8(to: 500)
    guard let text = request.form["for"] else { return (reason, nil) }
    guard let length = Duration(text: text), length > .zero else {
      throw .invalid([.init(parameter: "for", "must be \(DurationText.rule)")])
    }
    return (reason, request.engine.clock.now + length)
  }
}
