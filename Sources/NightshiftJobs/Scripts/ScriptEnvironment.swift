/// The variables that a script finds set.
///
/// Nothing of our own environment gets through but what a manifest asks for: it holds the database's
/// password.
package struct ScriptEnvironment: Sendable {
  /// Set for every job; a manifest cannot change them.
  static let reserved: Set<String> = [
    "TMPDIR", "NIGHTSHIFT_JOB_ID", "NIGHTSHIFT_KIND", "NIGHTSHIFT_ATTEMPT", "NIGHTSHIFT_QUEUE",
    "NIGHTSHIFT_WORKER", "NIGHTSHIFT_CONTEXT", "NIGHTSHIFT_URL", "TRACEPARENT",
    StrayProcesses.variable,
  ]

  /// Our own environment.
  private let inherited: [String: String]
  /// Where our own API can be reached; `nil` as long as it cannot.
  private let serverURL: @Sendable () -> String?

  package init(inherited: [String: String], serverURL: @escaping @Sendable () -> String? = { nil }) {
    self.inherited = inherited
    self.serverURL = serverURL
  }

  /// The variable in which a script finds a secret: `NIGHTSHIFT_SECRET_STRIPE_LIVE` for `stripe-live`.
  static func variable(ofSecret name: String) -> String {
    secretPrefix + name.uppercased().replacing(".", with: "_").replacing("-", with: "_")
  }

  static let secretPrefix = "NIGHTSHIFT_SECRET_"

  /// All variables of one attempt.
  func variables(
    _ attempt: ScriptAttempt, _ manifest: [String: JobManifest.Variable], temporaryFolder: String,
    contextFile: String
  ) -> [String: String] {
    var variables = [
      "PATH": inherited["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME": inherited["HOME"] ?? "/",
      "LANG": inherited["LANG"] ?? "C.UTF-8",
    ]
    for (name, variable) in manifest {
      switch variable {
      case .text(let text): variables[name] = text
      case .passedThrough: variables[name] = inherited[name]
      }
    }
    for (name, value) in attempt.secrets { variables[Self.variable(ofSecret: name)] = value }
    variables["TMPDIR"] = temporaryFolder
    variables["NIGHTSHIFT_JOB_ID"] = attempt.id
    variables["NIGHTSHIFT_KIND"] = attempt.kind
    variables["NIGHTSHIFT_ATTEMPT"] = "\(attempt.attempt)"
    variables["NIGHTSHIFT_QUEUE"] = attempt.queue
    variables["NIGHTSHIFT_WORKER"] = attempt.worker
    variables["NIGHTSHIFT_CONTEXT"] = contextFile
    variables["NIGHTSHIFT_URL"] = serverURL()
    // The name that tracing libraries of all languages look for; nothing where there is no trace.
    variables["TRACEPARENT"] = attempt.traceparent
    variables[StrayProcesses.variable] = StrayProcesses.newMark()
    return variables
  }
}
