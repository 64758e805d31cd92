import Foundation
import Nightshift

/// One question with everything that is known of it, for `checkpoints show`.
struct CheckpointText {
  let checkpoint: JSONValue
  let isColored: Bool
  /// The columns of the terminal; `nil` for a program.
  let width: Int?

  static func style(of state: String) -> Style {
    switch state {
    case "pending": .yellow
    case "approved": .green
    case "rejected", "expired": .red
    default: .dim
    }
  }

  /// What a decision has led to, in one line.
  static func outcome(_ checkpoint: JSONValue) -> String {
    let (id, title) = (checkpoint.text("id"), TextWidth.singleLine(checkpoint.text("title")))
    let job = checkpoint.text("job")
    switch checkpoint.text("state") {
    case "pending": break
    case "rejected": return "Rejected \(id) (\(title)); job \(job) is told, and is cancelled unless it sees to it."
    case let state: return "\(state.capitalized) \(id) (\(title)); job \(job) goes on."
    }
    let required = checkpoint["reviewers"]?.number("required") ?? 1
    let given = checkpoint.items("decisions").count { $0.text("verdict") == "approved" }
    return "Noted for \(id) (\(title)): \(given) of \(required) have approved."
  }

  func lines() -> [String] {
    let state = checkpoint.text("state")
    var lines = [
      "\(paint(.bold, checkpoint.text("id")))  \(checkpoint.text("type"))  \(paint(Self.style(of: state), state))"
    ]
    lines += wrapped(checkpoint.text("title")).map { paint(.bold, $0) }
    lines += field("job", "\(checkpoint.text("job"))  \(checkpoint.text("kind"))")
    lines += field("risk", checkpoint.text("risk"))
    lines += field("asked", checkpoint.text("createdAt"))
    let end = checkpoint.text("expiresAt")
    lines += field("expires", end.isEmpty ? "" : "\(end) (then: \(checkpoint.text("onExpiry")))")
    lines += field("escalated", checkpoint.text("escalatedAt"))
    lines += field("who may decide", reviewers)
    lines += field("choices", checkpoint.texts("choices").joined(separator: ", "))
    lines += field("chosen", checkpoint.text("choice"))
    if let data = checkpoint["data"] { lines += fields.json("data", data) }
    if let data = checkpoint["approvedData"] { lines += fields.json("as approved", data) }
    lines += field("digest", checkpoint.text("digest"))
    let body = checkpoint.text("body")
    if !body.allSatisfy(\.isWhitespace) {
      lines += [""]
      lines += body.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapped(String($0)) }
    }
    return lines + decisions()
  }

  private var reviewers: String {
    guard let reviewers = checkpoint["reviewers"] else { return "" }
    let named = reviewers.texts("users") + reviewers.texts("roles").map { "every \($0)" }
    let who = named.isEmpty ? "every approver" : named.joined(separator: ", ")
    let count = reviewers.number("required") > 1 ? "\(reviewers.number("required")) of: " : ""
    return count + who
      + (reviewers["excludesRequester"]?.boolValue == true ? ", but nobody who has asked for the job" : "")
  }

  private func decisions() -> [String] {
    let decisions = checkpoint.items("decisions")
    guard !decisions.isEmpty else { return [] }
    var lines = ["", paint(.dim, "decisions")]
    for decision in decisions {
      var line = "\(decision.text("at"))  \(decision.text("verdict"))\(Self.author(of: decision))"
      if !decision.text("choice").isEmpty { line += ", chose \(decision.text("choice"))" }
      if !decision.text("comment").isEmpty { line += ": \(TextWidth.singleLine(decision.text("comment")))" }
      lines += wrapped(line)
      for change in decision.items("changes") {
        let (before, after) = (change["before"]?.description ?? "nothing", change["after"]?.description ?? "nothing")
        lines += wrapped("\(change.text("pointer")): \(before) → \(after)", indent: 4)
      }
    }
    return lines
  }

  private static func author(of decision: JSONValue) -> String {
    if decision.text("via") == "expiry" { return ": nobody has answered in time" }
    let place = decision.text("address").isEmpty ? "" : " from \(decision.text("address"))"
    return " by \(decision.text("by")) (\(decision.text("role")), via \(decision.text("via"))\(place))"
  }

  private func paint(_ style: Style, _ text: String) -> String { style.paint(text, ifColored: isColored) }

  private var fields: FieldLines { FieldLines(nameWidth: 16, width: width, isColored: isColored) }

  private func field(_ name: String, _ value: String) -> [String] { fields.text(name, value) }

  private func wrapped(_ text: String, indent: Int = 2) -> [String] {
    let room = width.map { max(12, $0 - indent) } ?? .max
    return TextWidth.wrap(TextWidth.singleLine(text), to: room).map { String(repeating: " ", count: indent) + $0 }
  }
}
