import Foundation

/// The place of a value in a JSON text (RFC 6901).
struct JSONPointer: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case field(String)
    case item(Int)
  }

  var steps: [Step] = []

  /// Reads the form that stands in a URI, such as `#/a/0`; `nil` if this is none.
  init?(fragment: String) {
    guard fragment == "#" || fragment.hasPrefix("#/"), let text = fragment.dropFirst().removingPercentEncoding
    else {
      return nil
    }
    // Whether "0" is an item or a field shows only when the pointer is followed.
    steps = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { step in
      // "~01" is "~1": the slash must be unescaped first.
      .field(step.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~"))
    }
  }

  init(_ steps: [Step] = []) { self.steps = steps }

  /// The form that stands in a URI, such as `#/a/0`; `#` for the whole text.
  var fragment: String {
    steps.reduce(into: "#") { text, step in
      text += "/"
      switch step {
      case .item(let index): text += String(index)
      case .field(let name):
        let escaped = name.replacingOccurrences(of: "~", with: "~0").replacingOccurrences(of: "/", with: "~1")
        text += escaped.addingPercentEncoding(withAllowedCharacters: .urlFragmentAllowed) ?? escaped
      }
    }
  }

  func appending(_ name: String) -> JSONPointer { JSONPointer(steps + [.field(name)]) }

  func appending(_ index: Int) -> JSONPointer { JSONPointer(steps + [.item(index)]) }

  /// The value at this place, or `nil` if there is none.
  func value(in root: JSONValue) -> JSONValue? {
    steps.reduce(root) { value, step -> JSONValue? in
      switch (value, step) {
      case (.object(let fields), .field(let name)): fields[name]
      case (.array(let items), .field(let name)):
        Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil }
      case (.array(let items), .item(let index)): items.indices.contains(index) ? items[index] : nil
      default: nil
      }
    }
  }
}
