package import Nightshift
import Yams

/// What `scheduler.yaml` declares.
package struct ScheduleFile: Sendable, Hashable {
  /// The fields of each schedule, by its name. They have been read without a fault.
  package private(set) var entries: [String: JSONValue] = [:]

  private static let keys = ["enabled", "schedules"]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - text: Its contents.
  ///   - file: Its name for people, which stands before every problem.
  /// - Throws: ``ManifestError`` with every mistake that was found.
  package init(parsing text: String, file: String, _ timelines: ZoneTimelines) throws(ManifestError) {
    // What is left of a file that was cut off on its way must not end every schedule.
    let remedy = "to end all schedules that the file declares, write `schedules: {}`"
    guard let root = try JobManifest.compose(text, file: file), root.scalar?.isNull != true else {
      throw ManifestError([ManifestProblem(file: file, message: "the file is empty; \(remedy)")])
    }
    var reader = ManifestReader(file: file)
    let fields = reader.fields(of: root, named: "the file", known: Self.keys)
    if root.mapping != nil, fields["schedules"].map({ $0.scalar?.isNull == true }) ?? true {
      reader.report("`schedules` is \(fields["schedules"] == nil ? "missing" : "empty"); \(remedy)", at: root)
    }
    let isEnabled = reader.flag(fields["enabled"], "enabled") ?? true
    for (name, node) in reader.schedules(fields["schedules"]) {
      guard var json = reader.json(node, of: name), reader.check(json, of: name, at: node, timelines) else { continue }
      // The file's own switch is that of all its schedules.
      if !isEnabled { json["enabled"] = false }
      entries[name] = .object(json)
    }
    guard reader.problems.isEmpty else {
      throw ManifestError(reader.problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
  }
}

extension ManifestReader {
  fileprivate mutating func flag(_ node: Node?, _ name: String) -> Bool? {
    guard let node else { return nil }
    var budget = 2
    // Whatever else it is, it is no truth value.
    if let value = try? node.json(budget: &budget).boolValue { return value }
    report("`\(name)` must be true or false", at: node)
    return nil
  }

  /// The schedules with their names, in the order of the file.
  fileprivate mutating func schedules(_ node: Node?) -> [(name: String, node: Node)] {
    guard let node, node.scalar?.isNull != true else { return [] }
    guard let mapping = node.mapping else {
      report("`schedules` must be a map of names, each with `expression`, `kind` and more", at: node)
      return []
    }
    var schedules: [(String, Node)] = []
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      if ScheduleName.isValid(name) {
        schedules.append((name, value))
      } else {
        report("a schedule is called \"\(name)\": its name must be \(ScheduleName.rule)", at: key)
      }
    }
    return schedules
  }

  fileprivate mutating func json(_ node: Node, of name: String) -> [String: JSONValue]? {
    do {
      var budget = 10_000
      if let fields = try node.json(budget: &budget).objectValue { return fields }
      report("schedule `\(name)` must be a map of `expression`, `kind` and more", at: node)
    } catch {
      report("schedule `\(name)`: \(error.message)", line: error.line)
    }
    return nil
  }

  fileprivate mutating func check(
    _ json: [String: JSONValue], of name: String, at node: Node, _ timelines: ZoneTimelines
  ) -> Bool {
    do throws(ScheduleError) {
      _ = try ScheduleDefinition(json: .object(json), timelines)
      return true
    } catch {
      for fault in error.faults {
        let field = String(fault.pointer.dropFirst(2))
        report("schedule `\(name)`: `\(field)` \(fault.message)", at: node.key(field.prefix { $0 != "/" }) ?? node)
      }
      return false
    }
  }
}

extension Node {
  /// The key of this name, whose line is that of the field.
  fileprivate func key(_ name: some StringProtocol) -> Node? {
    mapping?.first { $0.key.scalar?.string == String(name) }?.key
  }
}
