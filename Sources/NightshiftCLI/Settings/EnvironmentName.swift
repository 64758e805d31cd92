import Nightshift

/// Recognises our environment variables, and refuses the misspelt ones.
enum EnvironmentName {
  private static let prefix = "NIGHTSHIFT_"
  private static let keys = Dictionary(
    uniqueKeysWithValues: SettingKey.allCases.map { ($0.environmentName, $0) })

  /// Names under our prefix that are no settings: `NIGHTSHIFT_CONFIG` names the settings file, script jobs find the
  /// others in their environment and may well call `nightshift` themselves, and tests have their own.
  private static func isForOthers(_ name: String) -> Bool {
    others.contains(name) || name.hasPrefix("NIGHTSHIFT_TEST_") || name.hasPrefix("NIGHTSHIFT_SECRET_")
  }
  private static let others: Set<String> = [
    "NIGHTSHIFT_CONFIG", "NIGHTSHIFT_CONTEXT", "NIGHTSHIFT_JOB_ID", "NIGHTSHIFT_ATTEMPT", "NIGHTSHIFT_KIND",
    "NIGHTSHIFT_QUEUE", "NIGHTSHIFT_WORKER", "NIGHTSHIFT_RUN",
  ]

  /// The setting of this name; `nil` when the variable is none of our business.
  static func key(for name: String, from origin: SettingOrigin) throws(CommandFailure) -> SettingKey? {
    if let key = keys[name] { return key }
    guard name.hasPrefix(prefix), !isForOthers(name) else { return nil }
    let known = SettingKey.allCases.map(\.environmentName)
    let bare = String(name.dropFirst(prefix.count))
    let nearest =
      known.first { $0 == bare } ?? Spelling.nearest(to: name, among: known)
      ?? Spelling.nearest(to: bare, among: known)
    let remedy = nearest.map { "Did you mean \($0)?" } ?? "`nightshift config` lists the settings there are."
    let place = if case .file = origin { " (\(origin))" } else { "" }
    throw CommandFailure("There is no setting \(name)\(place). \(remedy)", status: ExitStatus.usage)
  }
}
