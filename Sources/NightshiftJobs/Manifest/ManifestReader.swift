import Nightshift
import Yams

/// Reads the values of one manifest and collects what is wrong with them, each with its line.
///
/// A value that is refused is read as `nil`, so that the reader goes on and finds the other mistakes too.
struct ManifestReader {
  let file: String
  private(set) var problems: [ManifestProblem] = []

  init(file: String) { self.file = file }

  mutating func report(_ message: String, at node: Node?) { report(message, line: node?.mark?.line) }

  mutating func report(_ message: String, line: Int?) {
    problems.append(ManifestProblem(file: file, line: line, message: message))
  }

  /// The fields of a map. A field that is not known is an error, which suggests the one that was meant.
  mutating func fields(of node: Node, named name: String, known: [String]) -> [String: Node] {
    guard let mapping = node.mapping else {
      report("\(name) must be a map of \(known.joined(separator: ", "))", at: node)
      return [:]
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard let word = key.scalar?.string, known.contains(word) else {
        reportUnknown(key, in: name, known: known)
        continue
      }
      fields[word] = value
    }
    return fields
  }

  private mutating func reportUnknown(_ key: Node, in name: String, known: [String]) {
    let word = key.scalar?.string ?? "(not a word)"
    let remedy =
      Spelling.nearest(to: word, among: known).map { "did you mean `\($0)`?" }
      ?? "known are \(known.joined(separator: ", "))"
    report("unknown key `\(word)` in \(name): \(remedy)", at: key)
  }

  /// Any text; what YAML takes for a number or a truth value is meant as it is written.
  mutating func text(_ node: Node?, _ name: String) -> String? {
    guard let node else { return nil }
    guard let scalar = node.scalar, !scalar.isNull else {
      report("`\(name)` must be text", at: node)
      return nil
    }
    return scalar.string
  }

  mutating func integer(_ node: Node?, _ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    guard let value = node.scalar?.plainInteger, range.contains(value) else {
      report("`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound)", at: node)
      return nil
    }
    return value
  }

  mutating func number(_ node: Node?, _ name: String, in range: ClosedRange<Double>) -> Double? {
    guard let node else { return nil }
    guard let scalar = node.scalar, scalar.style == .plain, let value = Double(scalar.string),
      range.contains(value)
    else {
      report("`\(name)` must be a number from \(range.lowerBound) to \(range.upperBound)", at: node)
      return nil
    }
    return value
  }

  mutating func duration(_ node: Node?, _ name: String) -> Duration? {
    guard let node else { return nil }
    guard let text = node.scalar?.string, let value = Duration(text: text), value > .zero else {
      report("`\(name)` must be \(DurationText.rule), and more than nothing", at: node)
      return nil
    }
    return value
  }

  mutating func bytes(_ node: Node?, _ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    guard let text = node.scalar?.string, let value = ByteSize.parse(text), range.contains(value) else {
      let bounds = "from \(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound))"
      report("`\(name)` must be \(ByteSize.rule), \(bounds)", at: node)
      return nil
    }
    return value
  }

  /// The items of a list; `nil` if it is none, or empty.
  mutating func items(_ node: Node?, _ name: String, of what: String) -> [Node]? {
    guard let node else { return nil }
    guard let sequence = node.sequence, !sequence.isEmpty else {
      report("`\(name)` must be a list of \(what), with at least one", at: node)
      return nil
    }
    return Array(sequence)
  }
}

extension Node.Scalar {
  /// Whether this is YAML's nothing: `~`, `null`, or no text at all.
  var isNull: Bool { style == .plain && ["", "~", "null", "Null", "NULL"].contains(string) }

  /// The whole number that is written here without quotes.
  var plainInteger: Int? { style == .plain ? Int(string) : nil }
}
