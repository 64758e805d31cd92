import Foundation
import Nightshift

@testable import NightshiftServer

extension TestAPI {
  /// Has a job ask people something, and gives the question.
  func ask(
    title: String, data: JSONValue = ["amount": 7], body: String = "",
    change: (inout CheckpointOptions) -> Void = { _ in }
  ) async throws -> Checkpoint {
    var options = CheckpointOptions()
    options.body = body
    change(&options)
    let asked = options
    let kind = JobKind(stringLiteral: "ask-\(UUID().uuidString.lowercased())")
    try await engine.register(kind, payload: Int.self) { _, context in
      _ = try await context.approval("ask", title: title, showing: data, options: asked)
    }
    let submission = try await engine.submit([JobDraft(kind: kind, payload: Array("7".utf8))], actor: .system)[0]
    try await wait(for: .waiting, submission.id)
    var filter = CheckpointFilter()
    filter.job = submission.id
    return try await engine.checkpoints(filter).checkpoints[0]
  }

  /// Returns once a job is in a state.
  func wait(for state: JobState, _ id: JobID) async throws {
    let events = try await engine.listen(EventFilter(job: id))
    if try await engine.job(id)?.summary.state == state { return }
    for try await case .event(_, let event) in events {
      if case .state(state, _) = event.body { return }
    }
  }
}
