import Nightshift
import Yams

/// What `nightshift.yaml` says, with the line of each value.
struct YAMLSettings: Sendable {
  struct Entry: Sendable, Equatable {
    var key: SettingKey
    var value: String
    var line: Int
  }

  var entries: [Entry] = []

  init(parsing text: String, name file: String = "nightshift.yaml") throws(CommandFailure) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw CommandFailure("\(file) is no YAML: \(error). Correct it there.")
    }
    guard let root, root.null == nil else { return }
    guard case .mapping(let mapping) = root else {
      throw CommandFailure("\(file) must hold settings as `name: value`, one a line.")
    }
    try read(mapping, under: "", in: file)
  }

  private mutating func read(_ mapping: Node.Mapping, under prefix: String, in file: String)
    throws(CommandFailure)
  {
    for (name, node) in mapping {
      let path = prefix + (name.string ?? "")
      let line = name.mark?.line ?? 0
      if case .mapping(let inner) = node,
        SettingKey.allCases.contains(where: { $0.rawValue.hasPrefix(path + ".") })
      {
        try read(inner, under: path + ".", in: file)
        continue
      }
      guard let key = SettingKey(rawValue: path) else { throw Self.unknown(path, line, file) }
      entries.append(Entry(key: key, value: try Self.value(of: node, path, line, file), line: line))
    }
  }

  private static func unknown(_ path: String, _ line: Int, _ file: String) -> CommandFailure {
    let known = SettingKey.allCases.map(\.rawValue)
    // `concurrency` at the top is most likely meant as `worker.concurrency`.
    let inner = known.first { $0.hasSuffix(".\(path)") }
    let nearest = inner ?? Spelling.nearest(to: path, among: known)
    let remedy =
      nearest.map { "Did you mean `\($0)`?" } ?? "`nightshift config` lists the settings there are."
    return CommandFailure("\(file) line \(line): there is no setting `\(path)`. \(remedy)")
  }

  private static func value(
    of node: Node, _ path: String, _ line: Int, _ file: String
  ) throws(CommandFailure) -> String {
    switch node {
    case .scalar(let scalar): return scalar.string
    case .sequence(let items):
      let texts = items.compactMap { $0.scalar?.string }
      if texts.count == items.count { return texts.joined(separator: ",") }
    case .mapping, .alias: break
    }
    throw CommandFailure("\(file) line \(line): `\(path)` must be a single value or a list of them.")
  }
}
