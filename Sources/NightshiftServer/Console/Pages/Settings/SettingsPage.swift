import Nightshift

extension RouteTable {
  /// How this server is set up, and whether all is well with it.
  static let settingsPages: [Route] = [
    .page("/settings", .role(.admin)) { request in
      try await request.page(try await SettingsPage(request), at: .settings)
    }
  ]
}

/// A setting with its value, as `nightshift config` prints it. Secrets are masked by whoever makes it.
package struct SettingLine: Sendable {
  package let name: String
  package let value: String
  /// Where it came from: a flag, the environment, a file, the default.
  package let origin: String

  package init(name: String, value: String, origin: String) {
    self.name = name
    self.value = value
    self.origin = origin
  }
}

struct SettingsPage: PageModel {
  struct Finding: Sendable {
    let name: String
    let found: String
    let remedy: String?
    let isFine: Bool
  }

  static let template = "settings"
  let title = "Settings"
  let version = NightshiftVersion.current
  let store: String
  let worker: String
  let isHealthy: Bool
  let findings: [Finding]
  let settings: [SettingLine]

  init(_ request: APIRequest) async throws {
    store = request.engine.store.summary
    worker = "\(request.engine.workerID)"
    let found = await request.findings(.quick)
    isHealthy = found.allSatisfy(\.isFine)
    findings = found.map {
      Finding(name: $0.name, found: $0.found, remedy: $0.isFine ? nil : $0.remedy, isFine: $0.isFine)
    }
    settings = request.settings
  }
}
