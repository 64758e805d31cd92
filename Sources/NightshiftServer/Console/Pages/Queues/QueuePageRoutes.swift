import HummingbirdCore
import Nightshift

extension RouteTable {
  /// Queues and their pauses.
  static let queuePageRoutes: [Route] = [
    .page("/queues", .role(.viewer)) { request in
      let page = QueuesPage(
        try await request.engine.queues(), try await DayOfHours(request.engine),
        everything: try await request.engine.pauseOfEverything(), for: request)
      return try await request.page(page, at: .queues)
    },
    .page("/queues/{name}", .role(.viewer)) { request in
      try await request.page(QueuePage(try await queue(request), for: request), at: .queues)
    },
    .form("/pause", .role(.operator), audit: "pause") { request in try await pause(.everything, request, "/queues") },
    .form("/resume", .role(.operator), audit: "resume") { request in
      _ = try await request.engine.resume(.everything, by: request.actor)
      return request.see("/queues", Flash(.resumed))
    },
    .form("/queues/{name}/pause", .role(.operator), audit: "pause") { request in
      let queue = try await queue(request)
      return try await pause(.queue(QueueName(stored: queue.name)), request, path(of: queue))
    },
    .form("/queues/{name}/resume", .role(.operator), audit: "resume") { request in
      let queue = try await queue(request)
      _ = try await request.engine.resume(.queue(QueueName(stored: queue.name)), by: request.actor)
      return request.see(path(of: queue), Flash(.resumed))
    },
    .form("/queues/{name}/purge", .role(.operator), audit: "cancel", purge),
  ]

  /// So many of the jobs that a purge would cancel are named.
  private static let sample = 10

  private static func queue(_ request: APIRequest) async throws -> QueueSummary {
    let name = request.parameters["name"] ?? ""
    guard let queue = try await request.engine.queues().first(where: { $0.name == name }) else {
      throw Problem.notFound("There is no queue \"\(name.truncatedUTF8(to: 100))\".")
    }
    return queue
  }

  private static func path(of queue: QueueSummary) -> String { "/queues/\(ConsoleLink.escaped(queue.name))" }

  private static func pause(_ subject: Pause.Subject, _ request: APIRequest, _ path: String) async throws -> Response {
    let (reason, until) = try PauseForm.read(request)
    _ = try await request.engine.pause(subject, until: until, reason: reason, by: request.actor)
    return request.see(path, Flash(.paused))
  }

  /// First shows what it means; does it when the page that shows it says so.
  private static func purge(_ request: APIRequest) async throws -> Response {
    let queue = try await queue(request)
    guard request.form["confirmed"] == "yes" else {
      var filter = JobFilter()
      filter.queues = [queue.name]
      filter.states = [.ready, .scheduled, .waiting, .blocked]
      var jobs: [JobSummary] = []
      if let within = filter.within(request.actor.reach) {
        jobs = try await request.engine.jobs(within, limit: sample).jobs
      }
      return try await request.page(QueuePurgePage(queue, jobs), at: .queues)
    }
    let outcome = try await request.engine.purge(QueueName(stored: queue.name), dryRun: false, by: request.actor)
    return request.see(path(of: queue), Flash(.cancelled, count: outcome.count))
  }
}
