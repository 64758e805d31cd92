import Foundation

/// What the API calls a place in a request, as it is called on the command line.
enum ArgumentName {
  private static let names = [
    "kind": "kind", "payload": "payload", "queue": "--queue", "priority": "--priority", "runAt": "--at",
    "delay": "--in",
    "unique": "--unique", "unique/key": "--unique", "unique/onConflict": "--on-conflict",
    "debounce": "--debounce", "debounce/key": "--key", "debounce/atMost": "--at-most", "debounce/keep": "--keep",
    "throttle": "--throttle", "throttle/key": "--key", "throttle/excess": "--later", "for": "--for", "until": "--until",
    "maxAttempts": "--max-attempts", "timeout": "--timeout", "tags": "--tag", "organization": "--org",
    "reason": "--reason", "dryRun": "--dry-run", "ids": "id", "name": "name", "role": "--role",
    "limitKey": "--limit-key", "queues": "--queue", "kinds": "--kind", "by": "--by", "rate": "--rate",
    "concurrency": "--concurrency", "failureShare": "--failure-share", "minimumCalls": "--minimum-calls",
    "window": "--window", "openFor": "--open-for", "probes": "--probes",
    "expiresIn": "--expires", "dependsOn": "--after", "onDeath": "--on-death", "owner": "--owner",
    "debounce/quiet": "--debounce", "throttle/limit": "--throttle", "throttle/per": "--throttle",
    "excess: later": "--later", "zone": "--zone", "start": "--start", "end": "--end", "jitter": "--jitter",
    "catchUp": "--catch-up", "overlap": "--overlap", "description": "--description", "title": "title",
    "body": "--body", "type": "--type", "risk": "--risk", "expires": "--expires", "onExpiry": "--on-expiry",
    "reminders": "--remind", "choices": "--choice", "reviewers/users": "--user", "reviewers/roles": "--reviewer-role",
    "reviewers/required": "--required", "escalateTo/users": "--escalate-to-user",
    "escalateTo/roles": "--escalate-to-role",
  ]
  /// Options that say the same of a job and that contradict each other. What is said of them names no kinds or queues,
  /// which may be called as a field is.
  private static let related: Set<String> = ["unique", "debounce", "throttle", "jitter"]
  /// Filters have the same names in a body and in a query.
  private static let filters = [
    "state": "--state", "kind": "--kind", "queue": "--queue", "tag": "--tag", "search": "--search", "limit": "--limit",
  ]

  /// A place in the body, from its JSON pointer: `#/unique/key` is `--unique`, `#/payload/to/0` is `payload.to.0`.
  static func of(pointer: String) -> String {
    let path = pointer.drop { $0 == "#" || $0 == "/" }
    let parts = path.split(separator: "/").map { part in
      let bare = part.removingPercentEncoding ?? String(part)
      return bare.replacing("~1", with: "/").replacing("~0", with: "~")
    }
    guard let first = parts.first else { return "" }
    if first == "payload" { return parts.joined(separator: ".") }
    if first == "filter" { return parts.count > 1 ? of(parameter: parts[1]) : "the filters" }
    return names[parts.prefix(2).joined(separator: "/")] ?? names[first] ?? parts.joined(separator: ".")
  }

  /// What is said about a place, with the other fields that it names as they are called here: `runAt` is --at.
  static func words(_ detail: String, about pointer: String) -> String {
    let first = pointer.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    guard related.contains(first) else { return detail }
    return detail.replacing(/`([^`]+)`/) { match in
      let field = String(match.output.1)
      let name = names["\(first)/\(field)"] ?? names[field]
      return name.flatMap { $0.hasPrefix("--") ? $0 : nil } ?? String(match.output.0)
    }
  }

  /// What the API calls a field that is named as its option is, or as the API has it: `max-attempts` is `maxAttempts`.
  static func field(of name: String) -> String {
    let known = ["org": "organization", "tag": "tags"]
    let words = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    return known[name] ?? words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The option of a command for what the API calls so.
  static let options = [
    "--delay": "--in", "--run-at": "--at", "--runAt": "--at", "--organization": "--org", "--tags": "--tag",
    "--depends-on": "--after", "--dependsOn": "--after",
  ]

  static func of(parameter: String) -> String { filters[parameter] ?? parameter }
}
