package import Nightshift

/// Where kinds are registered: an ``Engine``.
package protocol KindRegistry: Sendable {
  func register(_ registration: KindRegistration) async throws
  func unregister(_ kind: JobKind) async throws
}

extension Engine: KindRegistry {}
