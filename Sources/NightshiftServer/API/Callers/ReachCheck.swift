import HTTPTypes
import Nightshift

/// Keeps people and tokens to the work that is theirs: a member to its own jobs, and whoever belongs to an organization
/// to that one's. What lies beyond is answered as if it were not there.
struct ReachCheck: Sendable {
  /// What every organization shares: to change it, or to look at who may do what, is for those who have all in view.
  static let sharedAreas: Set<TokenScope.Area> = [
    .queues, .limits, .workers, .schedules, .metrics, .accounts, .audit, .secrets,
  ]
  private static let privateAreas: Set<TokenScope.Area> = [.accounts, .audit, .secrets]

  let engine: Engine
  let actor: Actor

  func check(_ match: RouteTable.Match) async throws {
    let (reach, route) = (actor.reach, match.route)
    if route.scope.isWrite, let id = match.parameters["id"] { try await checkOwnership(of: id, route) }
    guard !reach.isEverything else { return }
    if let organization = actor.organization, Self.sharedAreas.contains(route.area), route.needsRole,
      route.scope.isWrite || Self.privateAreas.contains(route.area) || route.isAboutTheServer, !route.isAboutOneself
    {
      throw Problem(
        .forbidden, "forbidden",
        "This concerns all organizations, and \"\(actor.id)\" belongs to \"\(organization)\".")
    }
    guard let text = match.parameters["id"] else { return }
    switch route.path.noun {
    case "jobs": try await checkJob(text, reach)
    case "checkpoints", "approvals": try await checkCheckpoint(text, reach)
    case "workflows":
      guard let id = WorkflowID(text) else { return }
      guard try await engine.reaches(reach, id) else { throw APIRequest.noSuchWorkflow(id) }
    default: break
    }
  }

  /// An approver looks at everything, but changes no more than a member does: that is for operators.
  private func checkOwnership(of text: String, _ route: Route) async throws {
    guard actor.role == .approver, route.path.noun == "jobs", let id = JobID(text) else { return }
    guard try await !engine.reaches(Reach(owner: actor.id), id) else { return }
    throw Problem(
      .forbidden, "forbidden",
      "Only an `operator` changes jobs of others; \"\(actor.id)\" has `\(actor.role.rawValue)`, and \(id) is not its own."
    )
  }

  private func checkJob(_ text: String, _ reach: Reach) async throws {
    // What is no id is refused by the route, in its own words.
    guard let id = JobID(text) else { return }
    guard try await engine.reaches(reach, id) else { throw APIRequest.noSuchJob(id) }
  }

  private func checkCheckpoint(_ text: String, _ reach: Reach) async throws {
    guard let id = CheckpointID(text), let checkpoint = try await engine.checkpoint(id) else { return }
    guard try await engine.reaches(reach, checkpoint, for: actor) else { throw CheckpointError.missing(id) }
  }
}

extension Route {
  fileprivate var needsRole: Bool { if case .open = access { false } else { true } }

  /// What its checks have found, which names paths, other organizations' jobs and more.
  fileprivate var isAboutTheServer: Bool { path.description == "/api/doctor" }

  /// Who am I, my password, my way out: everybody's own.
  fileprivate var isAboutOneself: Bool { path.description == "/api/me" || path.noun == "account" }
}
