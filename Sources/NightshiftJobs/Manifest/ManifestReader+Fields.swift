import Nightshift
import Yams

/// The fields of a manifest, one function each.
extension ManifestReader {
  private static let nameRule = "1 to 100 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit"

  mutating func kind(_ node: Node?, folder: String, root: Node) -> JobKind? {
    let name = node == nil ? folder : text(node, "kind")
    guard let name else { return nil }
    if let kind = JobKind(rawValue: name) { return kind }
    let origin = node == nil ? "the folder's name, \"\(name)\", cannot be the kind" : "`kind` is \"\(name)\""
    report("\(origin): it must be \(Self.nameRule)", at: node ?? root)
    return nil
  }

  mutating func command(_ node: Node?, root: Node) -> [String]? {
    guard let node else {
      report(
        "`command` is missing: the program and its arguments as a list, such as [bash, run.sh]", at: root)
      return nil
    }
    guard let items = items(node, "command", of: "the program and its arguments, such as [bash, run.sh]")
    else { return nil }
    let words = items.compactMap { text($0, "command") }
    if words.count == items.count, words.first?.isEmpty == true {
      report("`command` must begin with a program, not with empty text", at: node)
    }
    if words.contains(where: { $0.utf8.contains(0) }) {
      report("`command` must not hold the character 0", at: node)
    }
    return words.count == items.count ? words : nil
  }

  mutating func options(_ fields: [String: Node]) -> KindOptions {
    var options = KindOptions()
    if let name = text(fields["queue"], "queue") {
      if let queue = QueueName(rawValue: name) {
        options.queue = queue
      } else {
        report("`queue` is \"\(name)\": it must be \(Self.nameRule)", at: fields["queue"])
      }
    }
    options.priority = priority(fields["priority"]) ?? options.priority
    options.maxAttempts = integer(fields["maxAttempts"], "maxAttempts", in: 1...1000) ?? options.maxAttempts
    options.backoff = backoff(fields["backoff"]) ?? options.backoff
    options.timeout = duration(fields["timeout"], "timeout")
    options.description = text(fields["description"], "description") ?? ""
    options.retention = retention(fields["retention"])
    return options
  }

  private mutating func priority(_ node: Node?) -> Priority? {
    guard let node, let word = text(node, "priority") else { return nil }
    if let priority = Priority(rawValue: word) { return priority }
    let words = Priority.allCases.map(\.rawValue).joined(separator: ", ")
    report("`priority` is \"\(word)\": it must be one of \(words)", at: node)
    return nil
  }

  /// A list of waits, or a map of what an exponential backoff is made of.
  private mutating func backoff(_ node: Node?) -> Backoff? {
    guard let node else { return nil }
    if node.sequence != nil {
      guard let items = items(node, "backoff", of: "waits, such as [5s, 1m, 10m]") else { return nil }
      let waits = items.compactMap { duration($0, "backoff") }
      return waits.count == items.count ? .fixed(waits) : nil
    }
    guard node.mapping != nil else {
      report(
        "`backoff` must be a list of waits, such as [5s, 1m], or a map of first, factor, limit, jitter",
        at: node)
      return nil
    }
    let fields = fields(of: node, named: "`backoff`", known: ["first", "factor", "limit", "jitter"])
    return .exponential(
      first: duration(fields["first"], "first") ?? .seconds(2),
      factor: number(fields["factor"], "factor", in: 1...100) ?? 2,
      limit: duration(fields["limit"], "limit") ?? .seconds(3600),
      jitter: number(fields["jitter"], "jitter", in: 0...1) ?? 0.2)
  }

  private mutating func retention(_ node: Node?) -> RetentionCounts {
    guard let node else { return RetentionCounts() }
    let fields = fields(of: node, named: "`retention`", known: ["completed", "dead"])
    return RetentionCounts(
      completed: integer(fields["completed"], "completed", in: 0...1_000_000_000),
      dead: integer(fields["dead"], "dead", in: 0...1_000_000_000))
  }

  mutating func schema(_ node: Node?) -> PayloadSchema? {
    guard let node else { return nil }
    do {
      var budget = 10_000
      return try PayloadSchema(node.json(budget: &budget))
    } catch let error as PayloadSchemaError {
      report("`payload` is not a JSON schema: \(error)", at: node.node(at: error.pointer))
    } catch let error as YAMLValueError {
      report("`payload`: \(error.message)", line: error.line)
    } catch {
      report("`payload`: \(error)", at: node)
    }
    return nil
  }

  mutating func environment(_ node: Node?) -> [String: JobManifest.Variable] {
    guard let node else { return [:] }
    guard let mapping = node.mapping else {
      report(
        "`environment` must be a map of variables, such as API_HOST: example.com or API_TOKEN: ~", at: node)
      return [:]
    }
    var variables: [String: JobManifest.Variable] = [:]
    for (key, value) in mapping {
      guard let name = variableName(key) else { continue }
      guard let scalar = value.scalar, !scalar.string.utf8.contains(0) else {
        report("`\(name)` must be text, or ~ to pass our own variable through", at: value)
        continue
      }
      variables[name] = scalar.isNull ? .passedThrough : .text(scalar.string)
    }
    return variables
  }

  private mutating func variableName(_ key: Node) -> String? {
    let name = key.scalar?.string ?? ""
    let isWord = name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Self.isAlphanumeric($0) }
    guard let first = name.first, isWord, !first.isNumber else {
      report(
        "a variable's name must be of letters, digits and '_', and begin with no digit; got \"\(name)\"",
        at: key)
      return nil
    }
    // They are how a script knows its job, and how the children of a process that died are found.
    guard !ScriptEnvironment.reserved.contains(name), !name.hasPrefix(ScriptEnvironment.secretPrefix) else {
      report("`\(name)` is set for every job and cannot be changed", at: key)
      return nil
    }
    return name
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte)
  }

  mutating func secrets(_ node: Node?) -> [String] {
    guard let node, let items = items(node, "secrets", of: "names of secrets, such as [stripe]") else { return [] }
    var names: [String: String] = [:]
    for item in items.prefix(50) {
      guard let name = text(item, "secrets") else { continue }
      guard SecretRule.isName(name) else {
        report("`secrets` names \"\(name)\": a name is \(SecretRule.name)", at: item)
        continue
      }
      let variable = ScriptEnvironment.variable(ofSecret: name)
      if let other = names.updateValue(name, forKey: variable), other != name {
        report("the secrets \"\(other)\" and \"\(name)\" would both be in \(variable)", at: item)
      }
    }
    if items.count > 50 { report("`secrets` names more than 50", at: node) }
    return names.values.sorted()
  }

  mutating func resources(_ node: Node?) -> JobResources {
    var resources = JobResources()
    guard let node else { return resources }
    let fields = fields(of: node, named: "`resources`", known: ["memory", "cpu", "openFiles", "output"])
    resources.memory = bytes(fields["memory"], "memory", in: 16 << 20...1 << 40) ?? resources.memory
    // Whole seconds, since the system counts them so.
    resources.cpu = integer(fields["cpu"], "cpu", in: 1...31_536_000) ?? resources.cpu
    resources.openFiles = integer(fields["openFiles"], "openFiles", in: 16...1_048_576) ?? resources.openFiles
    resources.output = bytes(fields["output"], "output", in: 1 << 10...1 << 30) ?? resources.output
    return resources
  }
}
