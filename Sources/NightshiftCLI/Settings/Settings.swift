import Foundation
import Nightshift

/// The settings of this run: flag over environment over `.env` over `nightshift.yaml` over default.
///
/// Not by swift-configuration: its providers answer for keys that are asked for, but cannot list the ones they have,
/// so a misspelt key would pass in silence; and they know no line numbers, and no environment variable whose name
/// does not follow from its key (`DATABASE_URL`, `WORKER_CONCURRENCY`).
struct Settings: Sendable {
  struct Value: Sendable, Equatable {
    var text: String
    var origin: SettingOrigin
  }

  private var values: [SettingKey: Value] = [:]

  /// - Parameters:
  ///   - flags: What was given on the command line, with the flag's name.
  ///   - environment: The variables of this process.
  ///   - dotEnv: The text of `.env`.
  ///   - yaml: The text of the settings file, and its name for messages.
  init(
    flags: [SettingKey: (name: String, value: String)] = [:], environment: [String: String] = [:],
    dotEnv: String? = nil, yaml: (name: String, text: String)? = nil
  ) throws(CommandFailure) {
    for key in SettingKey.allCases {
      values[key] = key.defaultValue.map { Value(text: $0, origin: .standard) }
    }
    // The weakest first: each later one replaces what is there.
    // Everything that is wrong is told at once, so that a file is mended in one go.
    var faults: [String] = []
    if let yaml {
      let file = try YAMLSettings(parsing: yaml.text, name: yaml.name)
      faults += file.faults
      for entry in file.entries {
        values[entry.key] = Value(text: entry.value, origin: .file(yaml.name, line: entry.line))
      }
    }
    for entry in try DotEnvFile(parsing: dotEnv ?? "").entries {
      take(entry.name, Value(text: entry.value, origin: .file(".env", line: entry.line)), &faults)
    }
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      take(name, Value(text: value, origin: .environment(name)), &faults)
    }
    for (key, flag) in flags { values[key] = Value(text: flag.value, origin: .flag(flag.name)) }
    faults += SettingKey.allCases.compactMap(objection)
    guard faults.isEmpty else {
      throw CommandFailure(faults.joined(separator: "\n"), status: ExitStatus.usage)
    }
  }

  private mutating func take(_ name: String, _ value: Value, _ faults: inout [String]) {
    do throws(CommandFailure) {
      guard let key = try EnvironmentName.key(for: name, from: value.origin) else { return }
      // An empty variable is how shells and containers unset one.
      if case .environment = value.origin, value.text.isEmpty { return }
      values[key] = value
    } catch {
      faults.append(error.description)
    }
  }

  /// What is wrong with a setting's value.
  private func objection(to key: SettingKey) -> String? {
    guard let value = values[key], let objection = key.shape.objection(to: value.text) else { return nil }
    do throws(CommandFailure) {
      // A database's URL may hold a password, and its own error says more than "wrong".
      if key == .database { _ = try DatabaseLocation(url: value.text) }
    } catch {
      return error.description
    }
    let shown = key.isSecret ? "" : " is \"\(value.text)\""
    return "`\(key.rawValue)`\(shown) (\(value.origin)). \(objection)"
  }

  subscript(key: SettingKey) -> Value? { values[key] }
}

// MARK: Typed values. They were checked, so what cannot be read is a bug here.

extension Settings {
  func text(_ key: SettingKey) -> String? { values[key]?.text }

  func required(_ key: SettingKey) -> String {
    guard let text = text(key) else { preconditionFailure("`\(key.rawValue)` has no default") }
    return text
  }

  func integer(_ key: SettingKey) -> Int? { text(key).flatMap { Int($0) } }

  func boolean(_ key: SettingKey) -> Bool { text(key).flatMap(SettingShape.boolean) ?? false }

  func duration(_ key: SettingKey) -> Duration {
    guard let duration = Duration(text: required(key)) else {
      preconditionFailure("`\(key.rawValue)` was not checked")
    }
    return duration
  }

  func list(_ key: SettingKey) -> [String]? { text(key).map(SettingShape.items) }

  var database: DatabaseLocation {
    get throws(CommandFailure) {
      guard let url = text(.database) else {
        return .file(path: "\(required(.data))/nightshift.db")
      }
      return try DatabaseLocation(url: url)
    }
  }
}

extension Settings {
  /// The value as it may be shown: secrets masked, passwords in URLs too.
  func shown(_ key: SettingKey) -> String? {
    guard let text = text(key) else { return nil }
    if key.isSecret { return "••••••" }
    // It was checked with the settings, or was wrong and is named by its own error.
    if key == .database { return (try? DatabaseLocation(url: text))?.shown(as: text) }
    guard var url = URLComponents(string: text), url.password != nil else { return text }
    url.password = nil
    url.user = nil
    return url.string
  }
}
