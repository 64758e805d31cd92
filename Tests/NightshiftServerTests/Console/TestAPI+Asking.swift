import Nightshift

@testable import NightshiftServer

extension TestAPI {
  /// Has a job ask people something, and gives the question.
  func ask(
    title: String, data: JSONValue = ["amount": 7], body: String = "",
    change: (inout CheckpointOptions) -> Void = { _ in }
  ) async throws -> Checkpoint {
    let job = try await post(#"{"kind": "wait", "payload": {}}"#)
    try await begin(of: job)
    var options = CheckpointOptions()
    options.body = body
    change(&options)
    let draft = CheckpointDraft(key: "ask", type: .approval, title: title, data: data, options: options)
    guard case .asked(let checkpoint) = try await engine.ask(draft, of: JobID(job)!, by: .system) else {
      throw Problem.notFound("The job was not there to ask.")
    }
    return checkpoint
  }
}
