/// Masks what looks like a secret in text that leaves the process: what a handler has put into a message is not ours to
/// know, and a password in an error report is there for good.
package enum Redaction {
  static let mask = "[redacted]"

  // Made at each use: a regex is not `Sendable`, and what is sent is rare.
  package static func text(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: " ") })
    else { return text }
    // `https://user:password@host`.
    var text = text.replacing(/(:\/\/[^\/\s:@]*):[^\/\s@]+@/) { "\($0.output.1):\(mask)@" }
    text = text.replacing(/(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+\/=-]{6,}/) { "\($0.output.1) \(mask)" }
    // `"password": "x"`, `api_key=x`, `Token: x`. What stands in quotes ends with them.
    let names =
      /(?i)((?:[A-Za-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|credential|dsn)[A-Za-z0-9_]*)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"')\]}]+)/
    text = text.replacing(names) { "\($0.output.1)\(mask)" }
    // Keys that are known by how they begin.
    return text.replacing(
      /\b(?:sk-|[prs]k_(?:live|test)_|whsec_|gh[opsu]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|SG\.|eyJ[A-Za-z0-9_-]+\.)[A-Za-z0-9._-]{8,}/
    ) { _ in mask }
  }
}
