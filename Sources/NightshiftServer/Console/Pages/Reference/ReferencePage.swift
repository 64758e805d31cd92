import Nightshift

/// The API as people read it, made of the same file that programs get.
struct ReferencePage: PageModel {
  static let template = "reference"

  struct Group: Sendable {
    let name: String
    let mark: String
    let operations: [Operation]
    let count: String
  }

  struct Operation: Sendable {
    let mark: String
    let method: String
    let tone: String
    let path: String
    let summary: String
    let text: ProseView?
    let role: String?
    let parameters: [Parameter]
    let hasParameters: Bool
    let body: SchemaView?
    let answers: [Answer]
    let example: String
  }

  struct Parameter: Sendable {
    let name: String
    let place: String
    let type: String
    let isRequired: Bool
    let text: String?
  }

  struct Answer: Sendable {
    let status: String
    let text: String
    let type: String?
    let link: String?
  }

  struct Named: Sendable {
    let name: String
    let mark: String
    let schema: SchemaView
  }

  let title = "API reference"
  let version: String
  let text: ProseView
  let groups: [Group]
  let schemas: [Named]

  /// It is the same for everybody.
  static let shared = ReferencePage(.embedded)

  init(_ description: APIDescription) {
    let document = description.document
    version = document["info"]?["version"]?.stringValue ?? ""
    text = ProseView(document["info"]?["description"]?.stringValue ?? "")
    var operations: [String: [(path: String, Operation)]] = [:]
    for (path, item) in document["paths"]?.objectValue ?? [:] {
      for (method, operation) in item.objectValue ?? [:] where method != "parameters" {
        let tag = operation["tags"]?[0]?.stringValue ?? "system"
        operations[tag, default: []].append((path, Operation(method, path, operation, item, description)))
      }
    }
    let order = ["get", "post", "put", "patch", "delete"]
    groups = (document["tags"]?.arrayValue ?? []).compactMap { tag in
      guard let name = tag["name"]?.stringValue, let found = operations[name] else { return nil }
      let sorted = found.sorted {
        ($0.path, order.firstIndex(of: $0.1.method.lowercased()) ?? 9)
          < ($1.path, order.firstIndex(of: $1.1.method.lowercased()) ?? 9)
      }.map(\.1)
      return Group(
        name: name.prefix(1).uppercased() + name.dropFirst(), mark: "group-\(name)", operations: sorted,
        count: sorted.count.grouped)
    }
    schemas = (document["components"]?["schemas"]?.objectValue ?? [:]).sorted { $0.key < $1.key }.map { name, schema in
      Named(name: name, mark: "schema-\(name)", schema: SchemaView(schema, in: description))
    }
  }
}

extension ReferencePage.Operation {
  fileprivate init(
    _ method: String, _ path: String, _ operation: JSONValue, _ item: JSONValue, _ description: APIDescription
  ) {
    mark = operation["operationId"]?.stringValue ?? "\(method)-\(path)"
    self.method = method.uppercased()
    tone = method == "get" ? "ready" : method == "delete" ? "dead" : "running"
    self.path = path
    summary = operation["summary"]?.stringValue ?? ""
    text = (operation["description"]?.stringValue).map(ProseView.init)
    role = operation["x-nightshift-role"]?.stringValue
    let listed = (item["parameters"]?.arrayValue ?? []) + (operation["parameters"]?.arrayValue ?? [])
    parameters = listed.compactMap { parameter in
      description.resolved(parameter).map { ReferencePage.Parameter($0, description) }
    }
    hasParameters = !parameters.isEmpty
    let content = description.resolved(operation["requestBody"])?["content"]?["application/json"]
    body = content.map { SchemaView($0["schema"], in: description) }
    let answers = (operation["responses"]?.objectValue ?? [:]).sorted { $0.key < $1.key }
    self.answers = ReferencePage.Answer.joined(
      answers.map { ReferencePage.Answer($0.key, $0.value, description) })
    example = Self.example(method, path, content?["schema"], description, isOpen: operation["security"] == [])
  }

  /// A command that can be run as it is, but for the words in capitals.
  private static func example(
    _ method: String, _ path: String, _ schema: JSONValue?, _ description: APIDescription, isOpen: Bool
  ) -> String {
    var lines = ["curl"]
    if method != "get" { lines[0] += " -X \(method.uppercased())" }
    if !isOpen { lines.append("-H \"Authorization: Bearer $TOKEN\"") }
    if let schema {
      lines.append("-H 'Content-Type: application/json'")
      lines.append("-d '\(sample(of: schema, description, depth: 0).description)'")
    }
    let shown = path.replacing("{", with: "").replacing("}", with: "")
    let parts = zip(path.split(separator: "/"), shown.split(separator: "/")).map { part, name in
      part.hasPrefix("{") ? name.uppercased() : String(name)
    }
    lines.append("http://127.0.0.1:8080/\(parts.joined(separator: "/"))")
    return lines.joined(separator: " \\\n")
  }

  /// The fields that are needed, with values of their types.
  private static func sample(of schema: JSONValue, _ description: APIDescription, depth: Int) -> JSONValue {
    guard let schema = description.resolved(schema), depth < 4 else { return .object([:]) }
    if let example = schema["examples"]?[0] ?? schema["example"] { return example }
    if let first = schema["enum"]?[0] { return first }
    if let standard = schema["default"] { return standard }
    let type = schema["type"]?.stringValue ?? schema["type"]?[0]?.stringValue
    switch type {
    case "string": return .string(schema["format"]?.stringValue == "date-time" ? "2026-12-01T08:00:00Z" : "text")
    case "integer", "number": return schema["minimum"] ?? 1
    case "boolean": return true
    case "array": return .array(schema["items"].map { [sample(of: $0, description, depth: depth + 1)] } ?? [])
    default:
      let parts = (schema["allOf"]?.arrayValue ?? []) + [schema]
      var fields: [String: JSONValue] = [:]
      for part in parts.compactMap(description.resolved) {
        for name in part["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
          guard let field = part["properties"]?[name] else { continue }
          fields[name] = sample(of: field, description, depth: depth + 1)
        }
      }
      return .object(fields)
    }
  }
}

extension ReferencePage.Parameter {
  fileprivate init(_ parameter: JSONValue, _ description: APIDescription) {
    name = parameter["name"]?.stringValue ?? ""
    place = parameter["in"]?.stringValue ?? ""
    type = SchemaView.type(of: parameter["schema"], description)
    isRequired = parameter["required"]?.boolValue ?? false
    text = parameter["description"]?.stringValue
  }
}

extension ReferencePage.Answer {
  fileprivate init(_ status: String, _ response: JSONValue, _ description: APIDescription) {
    let response = description.resolved(response)
    self.status = status == "default" ? "else" : status
    text = response?["description"]?.stringValue ?? ""
    let content = response?["content"]?.objectValue?.first
    let schema = SchemaView(content?.value["schema"], in: description)
    type = content.map { $0.value["schema"] == nil ? $0.key : schema.type }
    link = schema.link
  }

  private init(_ status: String, like other: ReferencePage.Answer) {
    (self.status, text, type, link) = (status, other.text, other.type, other.link)
  }

  /// Those that say the same in one line: most refusals do.
  fileprivate static func joined(_ answers: [ReferencePage.Answer]) -> [ReferencePage.Answer] {
    var joined: [ReferencePage.Answer] = []
    for answer in answers {
      if let place = joined.firstIndex(where: { $0.text == answer.text && $0.link == answer.link && $0.link != nil }) {
        joined[place] = ReferencePage.Answer("\(joined[place].status), \(answer.status)", like: joined[place])
      } else {
        joined.append(answer)
      }
    }
    return joined
  }
}
