/// What is hidden from whom in payloads, results, and what else jobs hold.
package struct Redaction: Sendable, Hashable {
  /// What stands in the place of a hidden value.
  package static let mark: JSONValue = "[redacted]"
  /// Names that say themselves that their values are nobody's business.
  package static let standard = [
    "password", "passwd", "passphrase", "secret", "client_secret", "token", "access_token", "refresh_token", "id_token",
    "authorization", "api_key", "private_key", "credentials", "card_number", "cvv", "cvc", "ssn",
  ].compactMap { RedactionPath($0) }

  package var paths: [RedactionPath]
  /// From which role on everything is shown.
  package var revealTo: Role

  package init(paths: [RedactionPath] = standard, revealTo: Role = .operator) {
    self.paths = paths
    self.revealTo = revealTo
  }

  package func hides(from actor: Actor) -> Bool { !paths.isEmpty && actor.role < revealTo }

  /// The document without the hidden values.
  ///
  /// - Parameter texts: Takes up the texts and numbers that were hidden, as they may be repeated elsewhere.
  package func redacted(_ document: JSONValue, collecting texts: inout Set<String>) -> JSONValue {
    redacted(document, paths.map { ($0, RedactionPath.start) }, &texts)
  }

  private typealias State = [(path: RedactionPath, progress: RedactionPath.Progress)]

  private func redacted(_ value: JSONValue, _ state: State, _ texts: inout Set<String>) -> JSONValue {
    switch value {
    case .object(let fields):
      var shown = fields
      for (name, field) in fields {
        if let next = Self.next(state, { $0.after($1, name: name) }) {
          shown[name] = redacted(field, next, &texts)
        } else {
          shown[name] = Self.hidden(field, &texts)
        }
      }
      return .object(shown)
    case .array(let items):
      guard let next = Self.next(state, { $0.afterItem($1) }) else {
        return .array(items.map { Self.hidden($0, &texts) })
      }
      return .array(items.map { redacted($0, next, &texts) })
    default: return value
    }
  }

  /// - Returns: `nil` if any path ends here.
  private static func next(
    _ state: State, _ step: (RedactionPath, RedactionPath.Progress) -> RedactionPath.Progress?
  ) -> State? {
    var next: State = []
    for (path, progress) in state {
      guard let progress = step(path, progress) else { return nil }
      if !progress.isEmpty { next.append((path, progress)) }
    }
    return next
  }

  /// Nothing, and truth values, hide nothing; that a field is empty may be known.
  private static func hidden(_ value: JSONValue, _ texts: inout Set<String>) -> JSONValue {
    if value == .null { return .null }
    collect(value, &texts)
    return mark
  }

  private static func collect(_ value: JSONValue, _ texts: inout Set<String>) {
    switch value {
    case .string(let text): texts.formUnion(SecretMasks.forms(of: text))
    case .integer, .number: texts.formUnion(SecretMasks.forms(of: value.description))
    case .array(let items): for item in items { collect(item, &texts) }
    case .object(let fields): for field in fields.values { collect(field, &texts) }
    case .null, .bool: break
    }
  }

  /// What somebody has sent back who was not shown everything: where the mark stands in place of a hidden value, that
  /// value stays.
  package func restored(_ edited: JSONValue, from original: JSONValue) -> JSONValue {
    restored(edited, original, paths.map { ($0, RedactionPath.start) })
  }

  private func restored(_ edited: JSONValue, _ original: JSONValue, _ state: State) -> JSONValue {
    switch (edited, original) {
    case (.object(let fields), .object(let former)):
      var kept = fields
      for (name, field) in fields {
        guard let old = former[name] else { continue }
        if let next = Self.next(state, { $0.after($1, name: name) }) {
          kept[name] = restored(field, old, next)
        } else if field == Self.mark {
          kept[name] = old
        }
      }
      return .object(kept)
    case (.array(let items), .array(let former)):
      let next = Self.next(state) { $0.afterItem($1) }
      return .array(
        items.enumerated().map { place, item in
          guard former.indices.contains(place) else { return item }
          guard let next else { return item == Self.mark ? former[place] : item }
          return restored(item, former[place], next)
        })
    default: return edited
    }
  }

  /// One change of an edit, which names its place by a pointer, without the hidden values.
  package func redacted(change: JSONValue, collecting texts: inout Set<String>) -> JSONValue {
    guard case .object(var fields) = change else { return change }
    let pointer = (fields["pointer"] ?? fields["path"])?.stringValue ?? ""
    for name in ["from", "to", "value", "old", "new", "before", "after"] {
      guard let field = fields[name] else { continue }
      fields[name] = redacted(field, at: pointer, collecting: &texts)
    }
    return .object(fields)
  }

  /// Whether a value that stands at a JSON pointer of a document is hidden, or a part of it.
  package func hides(_ value: JSONValue, at pointer: String) -> Bool {
    var texts: Set<String> = []
    return redacted(value, at: pointer, collecting: &texts) != value
  }

  /// The same for a value that stands at a JSON pointer of a document, as in a list of changes.
  package func redacted(
    _ value: JSONValue, at pointer: String, collecting texts: inout Set<String>
  ) -> JSONValue {
    var state: State = paths.map { ($0, RedactionPath.start) }
    for part in pointer.split(separator: "/") where part != "#" {
      let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      guard let next = Self.next(state, { Int(name) == nil ? $0.after($1, name: name) : $0.afterItem($1) }) else {
        return Self.hidden(value, &texts)
      }
      state = next
    }
    return redacted(value, state, &texts)
  }
}
