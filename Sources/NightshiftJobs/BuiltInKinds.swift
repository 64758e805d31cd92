package import Nightshift

/// The kinds that every process has.
package enum BuiltInKinds {
  /// Their names, which no script job may take.
  package static let all: Set<JobKind> = [HTTPKind.kind]

  package static func register(on registry: some KindRegistry) async throws {
    try await registry.register(HTTPKind().registration)
  }
}
