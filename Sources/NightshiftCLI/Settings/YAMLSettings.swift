import Nightshift
import Yams

/// What `nightshift.yaml` says, with the line of each value.
struct YAMLSettings: Sendable {
  struct Entry: Sendable, Equatable {
    var key: SettingKey
    var value: String
    var line: Int
  }

  private(set) var entries: [Entry] = []
  /// What is wrong with the others, each with its line.
  private(set) var faults: [String] = []
  private let file: String

  init(parsing text: String, name file: String = "nightshift.yaml") throws(CommandFailure) {
    self.file = file
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw CommandFailure("\(file) is no YAML: \(error). Correct it there.", status: ExitStatus.usage)
    }
    guard let root, root.null == nil else { return }
    guard case .mapping(let mapping) = root else {
      throw CommandFailure("\(file) must hold settings as `name: value`, one a line.", status: ExitStatus.usage)
    }
    read(mapping, under: "")
  }

  private mutating func read(_ mapping: Node.Mapping, under prefix: String) {
    for (name, node) in mapping {
      let path = prefix + (name.string ?? "")
      let line = name.mark?.line ?? 0
      if case .mapping(let inner) = node,
        SettingKey.allCases.contains(where: { $0.rawValue.hasPrefix(path + ".") })
      {
        read(inner, under: path + ".")
      } else if let key = SettingKey(rawValue: path) {
        if let value = Self.value(of: node) {
          entries.append(Entry(key: key, value: value, line: line))
        } else {
          faults.append("\(file) line \(line): `\(path)` must be a single value or a list of them.")
        }
      } else {
        faults.append("\(file) line \(line): there is no setting `\(path)`. \(Self.remedy(path))")
      }
    }
  }

  private static func remedy(_ path: String) -> String {
    let known = SettingKey.allCases.map(\.rawValue)
    // `concurrency` at the top is most likely meant as `worker.concurrency`.
    let inner = known.first { $0.hasSuffix(".\(path)") }
    let nearest = inner ?? Spelling.nearest(to: path, among: known)
    return nearest.map { "Did you mean `\($0)`?" } ?? "`nightshift config` lists the settings there are."
  }

  private static func value(of node: Node) -> String? {
    switch node {
    case .scalar(let scalar): return scalar.string
    case .sequence(let items):
      let texts = items.compactMap { $0.scalar?.string }
      return texts.count == items.count ? texts.joined(separator: ",") : nil
    case .mapping, .alias: return nil
    }
  }
}
