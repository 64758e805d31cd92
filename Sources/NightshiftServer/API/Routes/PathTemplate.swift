/// A path with named gaps, such as `/api/jobs/{id}`.
struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
  private enum Segment: Sendable, Hashable {
    case literal(String)
    case gap(String)
  }

  /// The template as it was written, and as OpenAPI writes it.
  let description: String
  private let segments: [Segment]

  init(_ text: String) {
    description = text
    segments = text.split(separator: "/").map { part in
      part.hasPrefix("{") && part.hasSuffix("}")
        ? .gap(String(part.dropFirst().dropLast())) : .literal(String(part))
    }
  }

  /// So many segments are not gaps: the more, the more precise is a match.
  var literalCount: Int { segments.count { if case .literal = $0 { true } else { false } } }

  /// What the path is about: its first word that is not `api` or `ws`.
  var noun: String? {
    for case .literal(let text) in segments where !["api", "ws"].contains(text) { return text }
    return nil
  }

  /// What stands in the gaps; `nil` if the path does not fit.
  func match(_ path: [String]) -> [String: String]? {
    guard path.count == segments.count else { return nil }
    var values: [String: String] = [:]
    for (segment, part) in zip(segments, path) {
      switch segment {
      case .literal(let text): guard text == part else { return nil }
      case .gap(let name): values[name] = part
      }
    }
    return values
  }
}
