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
    "expiresIn": "--expires", "dependsOn": "--after", "onDeath": "--on-death",
  ]
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

  static func of(parameter: String) -> String { filters[parameter] ?? parameter }
}
