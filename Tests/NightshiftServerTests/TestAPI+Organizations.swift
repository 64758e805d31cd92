import HTTPTypes
import Nightshift

@testable import NightshiftServer

extension TestAPI {
  /// A token that belongs to an organization, which is made if there is none of this name. The header that bears it.
  func header(_ role: Role, of organization: String) async throws -> HTTPFields {
    if try await !engine.organizations().contains(where: { $0.name == organization }) {
      try await engine.addOrganization(organization, title: nil, by: .system)
    }
    let secret = try await engine.createToken(
      name: "\(organization)-\(role)", role: role, expiresAt: nil, organization: organization, by: .system
    ).secret
    return [.authorization: "Bearer \(secret)"]
  }
}
