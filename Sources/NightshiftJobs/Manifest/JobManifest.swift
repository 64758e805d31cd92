package import Nightshift

/// What a folder `jobs/NAME/` says about its job in `job.yaml`.
package struct JobManifest: Sendable, Hashable {
  /// Where a variable of the script's environment comes from.
  package enum Variable: Sendable, Hashable {
    /// Written in the manifest.
    case text(String)
    /// `~`: the variable of the same name in our own environment, if it is set there.
    case passedThrough
  }

  package var kind: JobKind
  package var options: KindOptions
  /// The program and its arguments.
  package var command: [String]
  package var schema: PayloadSchema?
  package var environment: [String: Variable]
  package var resources: JobResources
  /// The names of the secrets that it finds in its environment.
  package var secrets: [String] = []

  package init(
    kind: JobKind, options: KindOptions, command: [String], schema: PayloadSchema? = nil,
    environment: [String: Variable] = [:], resources: JobResources = JobResources()
  ) {
    self.kind = kind
    self.options = options
    self.command = command
    self.schema = schema
    self.environment = environment
    self.resources = resources
  }
}
