import Nightshift
import Yams

/// The description of the API, `docs/openapi.yaml`, which is in the binary. The page that people read and what programs
/// get are made of it.
struct APIDescription: Sendable {
  /// A test reads it, so that this cannot fail for whoever runs it.
  static let embedded: APIDescription = {
    do {
      let file = EmbeddedFiles.all.first { $0.name == "openapi.yaml" }
      return try APIDescription(yaml: file.map { "\($0.text)" } ?? "")
    } catch {
      fatalError("The description of the API cannot be read: \(error)")
    }
  }()

  let document: JSONValue
  /// The same as bytes, with what tells whether they have changed.
  let bytes: [UInt8]
  let etag: String

  init(yaml: String) throws {
    document = try Self.value(of: try Yams.compose(yaml: yaml) ?? Node("", .implicit, .any))
    bytes = document.serialized()
    etag = "\"\(Engine.fingerprint(bytes).prefix(16))\""
  }

  /// Decided by tags, as YAML 1.2's core schema has them: `on` and `1:30` are texts.
  private static func value(of node: Node) throws -> JSONValue {
    switch node {
    case .mapping(let mapping):
      var fields: [String: JSONValue] = [:]
      for (name, value) in mapping { fields[name.string ?? ""] = try self.value(of: value) }
      return .object(fields)
    case .sequence(let sequence): return .array(try sequence.map { try value(of: $0) })
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      case let text:
        // `nan` and the like are words here.
        guard text.first.map({ $0.isNumber || $0 == "-" }) == true else { return .string(text) }
        return Int64(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number) ?? .string(text)
      }
    case .alias(let alias): throw UnknownAlias(name: "\(alias.anchor)")
    }
  }

  private struct UnknownAlias: Error { let name: String }

  /// What a value is, or what its `$ref` stands for.
  func resolved(_ value: JSONValue?) -> JSONValue? {
    var value = value
    // References to references are rare; a circle of them is a mistake.
    for _ in 0..<8 {
      guard let place = value?["$ref"]?.stringValue else { return value }
      var found: JSONValue? = document
      for part in place.dropFirst(2).split(separator: "/") { found = found?[String(part)] }
      value = found
    }
    return value
  }

  /// The word by which a schema is known, if it has one.
  static func name(of schema: JSONValue?) -> String? {
    schema?["$ref"]?.stringValue.flatMap { $0.split(separator: "/").last.map(String.init) }
  }
}
