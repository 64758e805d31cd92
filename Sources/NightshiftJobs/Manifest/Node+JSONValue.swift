import Nightshift
import Yams

extension Node {
  /// The node as JSON, by the rules of YAML's core schema, so that `1.20` in quotes stays text.
  ///
  /// - Parameter budget: How many nodes may be read: aliases can make a short text stand for a huge tree.
  func json(budget: inout Int) throws(YAMLValueError) -> JSONValue {
    budget -= 1
    guard budget > 0 else {
      throw YAMLValueError(message: "too many values, or aliases that stand for as many", line: mark?.line)
    }
    switch self {
    case .scalar(let scalar):
      return scalar.json
    case .sequence(let sequence):
      var items: [JSONValue] = []
      for item in sequence { items.append(try item.json(budget: &budget)) }
      return .array(items)
    case .mapping(let mapping):
      var fields: [String: JSONValue] = [:]
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw YAMLValueError(message: "a key must be text", line: key.mark?.line)
        }
        fields[name] = try value.json(budget: &budget)
      }
      return .object(fields)
    case .alias:
      throw YAMLValueError(message: "the alias leads nowhere", line: mark?.line)
    }
  }

  /// The node at a JSON pointer written as a URI fragment, or the nearest one above it.
  func node(at pointer: String) -> Node {
    var node = self
    for step in pointer.split(separator: "/").dropFirst() {
      let name = String(step).replacing("~1", with: "/").replacing("~0", with: "~")
      if let child = node.mapping?[name] {
        node = child
      } else if let items = node.sequence, let index = Int(name), items.indices.contains(index) {
        node = items[index]
      } else {
        return node
      }
    }
    return node
  }
}

/// A value that JSON cannot hold.
struct YAMLValueError: Error {
  let message: String
  let line: Int?
}

extension Node.Scalar {
  fileprivate var json: JSONValue {
    guard style == .plain else { return .string(string) }
    if isNull { return .null }
    switch string {
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    if let integer = Int64(string) { return .integer(integer) }
    // `Double` also reads "nan", "infinity" and hexadecimals, which here are words.
    let isNumber = string.allSatisfy { "+-.eE0123456789".contains($0) } && string.contains(where: \.isNumber)
    if isNumber, let number = Double(string), number.isFinite { return .number(number) }
    return .string(string)
  }
}
