/// Watches what an engine does, for traces and error reports.
///
/// It is called on the tasks that do the work, so it must return at once: whatever takes time it does elsewhere. Without
/// one an engine does none of this.
package protocol EngineObserver: Sendable {
  /// Runs an attempt. What its body throws, it throws.
  func attempt(
    _ context: JobContext, _ body: @Sendable () async throws -> [UInt8]?
  ) async throws -> [UInt8]?

  /// Runs a step or a call of an attempt. What its body throws, it throws.
  func part<Value: Sendable>(
    _ part: ProfilePart, _ name: String, of context: JobContext, _ body: @Sendable () async throws -> Value
  ) async throws -> Value

  /// Runs the answer to a request. The body is given the `traceparent` under which it is answered.
  func request<Answer: Sendable>(
    _ request: ObservedRequest, _ body: @Sendable (_ traceparent: String?) async -> (Answer, ObservedAnswer)
  ) async -> Answer

  /// The `traceparent` of what runs on this task; `nil` if it is not traced.
  var traceparent: String? { get }

  /// Attempts have ended, and that is recorded.
  func ended(_ settlements: [Settlement])

  /// Processes have died under attempts, by their own hand.
  func crashed(_ jobs: [CrashedJob], cause: String)

  /// What became of all that there was to send.
  var signals: [TelemetrySignal] { get }
}

/// A request to the API, as an observer sees it: without anything that its caller made up.
package struct ObservedRequest: Sendable {
  package var method: String
  /// The template of its path, such as `/api/jobs/{id}`; `nil` if there is no such path.
  package var route: String?
  /// Its id, as the answer names it.
  package var id: String
  package var traceparent: String?

  package init(method: String, route: String?, id: String, traceparent: String?) {
    self.method = method
    self.route = route
    self.id = id
    self.traceparent = traceparent
  }
}

/// How a request was answered.
package struct ObservedAnswer: Sendable {
  package var status: Int
  /// What went wrong inside, if anything did.
  package var failure: Failure?

  package init(status: Int, failure: Failure? = nil) {
    self.status = status
    self.failure = failure
  }
}

/// How much of one kind of telemetry has gone out.
package struct TelemetrySignal: Sendable, Hashable {
  /// `traces` or `errors`.
  package var name: String
  package var sent: Int
  /// What found no room, was refused or could not be delivered.
  package var dropped: Int
  /// What waits to be sent.
  package var waiting: Int

  package init(name: String, sent: Int, dropped: Int, waiting: Int) {
    self.name = name
    self.sent = sent
    self.dropped = dropped
    self.waiting = waiting
  }
}

/// An attempt under which its process died.
package struct CrashedJob: Sendable, Hashable {
  package var id: JobID
  package var kind: String
  package var queue: String
  package var attempt: Int
  package var worker: WorkerID

  package init(id: JobID, kind: String, queue: String, attempt: Int, worker: WorkerID) {
    self.id = id
    self.kind = kind
    self.queue = queue
    self.attempt = attempt
    self.worker = worker
  }
}
