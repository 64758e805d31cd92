/// Looks whether all that a template names is in what it is to show. Mustache would show nothing instead, and nobody would
/// see that.
///
/// Tests run it with each page that they ask for. It also refuses a name that the inner value has without a value and an
/// outer one has too: Mustache would take the outer one's.
struct TemplateCheck {
  let sources: [String: String]
  /// Of lists only the first are looked at.
  private static let items = 2
  private static let mostFaults = 5

  init(sources: [String: String]) { self.sources = sources }

  /// - Parameter stack: What is shown, the innermost last.
  func faults(in template: String, _ stack: [Any]) -> [String] {
    guard let source = sources[template] else { return ["there is no template \(template)"] }
    var tags = Self.tags(in: source)[...]
    return Array(Set(check(&tags, until: nil, stack, template)).sorted().prefix(Self.mostFaults))
  }

  private enum Tag {
    case value(String)
    case open(String, inverted: Bool)
    case close(String)
    case partial(String)
  }

  private static func tags(in source: String) -> [Tag] {
    source.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      guard let end = part.firstRange(of: "}}") else { return nil }
      let text = part[..<end.lowerBound].trimmingSpaces
      let name = String(text.dropFirst()).trimmingSpaces
      switch text.first {
      case "!", "%", "$", "<": return nil
      case "#": return .open(name, inverted: false)
      case "^": return .open(name, inverted: true)
      case "/": return .close(name)
      case ">": return .partial(name)
      default: return .value(text)
      }
    }
  }

  private func check(_ tags: inout ArraySlice<Tag>, until end: String?, _ stack: [Any], _ place: String) -> [String] {
    var faults: [String] = []
    while let tag = tags.popFirst() {
      switch tag {
      case .value(let name):
        let (value, missing) = found(name, stack, place)
        faults += missing
        // Anything else would be shown as Swift describes it.
        if let value, !(value is String || value is Int) { faults.append("\(place) shows \(name), which is no text") }
      case .partial(let name): faults += self.faults(in: name, stack)
      case .close(let name): if name == end { return faults }
      case .open(let name, let inverted):
        let (value, missing) = found(name, stack, place)
        faults += missing
        let body = Self.body(&tags, of: name)
        let inner = inverted ? (value == nil ? [stack] : []) : Self.stacks(value, on: stack)
        for stack in inner {
          var rest = body[...]
          faults += check(&rest, until: nil, stack, place)
        }
      }
    }
    return faults
  }

  /// The tags up to the end of a section.
  private static func body(_ tags: inout ArraySlice<Tag>, of name: String) -> [Tag] {
    var body: [Tag] = []
    var depth = 0
    while let tag = tags.popFirst() {
      if case .open(name, _) = tag { depth += 1 }
      if case .close(name) = tag {
        if depth == 0 { return body }
        depth -= 1
      }
      body.append(tag)
    }
    return body
  }

  /// With what a section is shown: once for each item, once for a value, not at all for nothing.
  private static func stacks(_ value: Any?, on stack: [Any]) -> [[Any]] {
    guard let value else { return [] }
    if let list = value as? [Any] { return list.prefix(items).map { stack + [$0] } }
    if let flag = value as? Bool { return flag ? [stack] : [] }
    return [stack + [value]]
  }

  private func found(_ name: String, _ stack: [Any], _ place: String) -> (value: Any?, faults: [String]) {
    guard name != "." else { return (stack.last, []) }
    let path = name.split(separator: ".").map(String.init)
    var holders = stack.reversed().compactMap { Self.child(path[0], of: $0) }
    if name.hasPrefix(".") { holders = stack.last.flatMap { Self.child(path[0], of: $0) }.map { [$0] } ?? [] }
    guard let first = holders.first else { return (nil, ["\(place) names \(name), which is not there"]) }
    if first.value == nil, holders.dropFirst().contains(where: { $0.value != nil }) {
      return (nil, ["\(place) names \(name), which has no value here and would be taken from further out"])
    }
    var value = first.value
    for part in path.dropFirst() {
      guard let holder = value else { break }
      guard let child = Self.child(part, of: holder) else {
        return (nil, ["\(place) names \(name); there is no \(part)"])
      }
      value = child.value
    }
    return (value, [])
  }

  private struct Child { let value: Any? }

  /// The stored property of this name; `nil` if there is none.
  private static func child(_ name: String, of holder: Any) -> Child? {
    guard let found = Mirror(reflecting: holder).children.first(where: { $0.label == name }) else { return nil }
    let mirror = Mirror(reflecting: found.value)
    guard mirror.displayStyle == .optional else { return Child(value: found.value) }
    return Child(value: mirror.children.first?.value)
  }
}
