import Nightshift

/// A pause as people read it.
enum PauseText {
  /// ` until …`, or nothing for one without an end.
  static func until(_ pause: JSONValue) -> String {
    pause.text("pausedUntil").isEmpty ? "" : " until \(pause.text("pausedUntil"))"
  }

  /// ` since … by … until …: reason`, of which not all need be known.
  static func details(since: String, by: String, until: String, reason: String) -> String {
    let parts = [("since", since), ("by", by), ("until", until)].filter { !$0.1.isEmpty }.map { " \($0) \($1)" }
    return parts.joined() + (reason.isEmpty ? "" : ": \(reason)")
  }
}
