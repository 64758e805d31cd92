import Nightshift
import Tracing

/// Makes spans of what an engine does, and error reports of what fails.
struct TelemetryObserver: EngineObserver {
  /// What is asked for every few seconds by machines says nothing in a trace.
  private static let untraced: Set<String> = ["/metrics", "/healthz", "/readyz"]

  let tracer: OTLPTracer?
  let exporter: SpanExporter?
  let reporter: SentryReporter?
  let clock: any WallClock

  var traceparent: String? { ServiceContext.current?.trace?.traceparent }

  var signals: [TelemetrySignal] { [exporter?.signal, reporter?.signal].compactMap(\.self) }

  func attempt(
    _ context: JobContext, _ body: @Sendable () async throws -> [UInt8]?
  ) async throws -> [UInt8]? {
    // The trace goes on that the enqueuer has begun, however long ago.
    var parent = ServiceContext.topLevel
    parent.trace = context.traceparent.flatMap(TraceContext.init(traceparent:))
    return try await spanning("process \(context.kind)", .consumer, below: parent, context) { attributes in
      attributes["messaging.system"] = "nightshift"
      attributes["messaging.operation.name"] = "process"
      attributes["messaging.operation.type"] = "process"
      attributes["messaging.destination.name"] = context.queue.rawValue
      attributes["messaging.message.id"] = "\(context.id)"
      attributes["nightshift.job.failures"] = context.failures
      attributes["nightshift.worker"] = "\(context.worker)"
    } body: {
      try await body()
    }
  }

  func part<Value: Sendable>(
    _ part: ProfilePart, _ name: String, of context: JobContext, _ body: @Sendable () async throws -> Value
  ) async throws -> Value {
    let kind: SpanKind = part == .call ? .client : .internal
    return try await spanning("\(part.rawValue) \(name)", kind, below: .current ?? .topLevel, context) { attributes in
      attributes[part == .call ? "peer.service" : "nightshift.step"] = name
    } body: {
      try await body()
    }
  }

  private func spanning<Value: Sendable>(
    _ name: String, _ kind: SpanKind, below parent: ServiceContext, _ context: JobContext,
    describe: (inout SpanAttributes) -> Void, body: () async throws -> Value
  ) async throws -> Value {
    guard let tracer else { return try await body() }
    let span = tracer.startSpan(name, context: parent, ofKind: kind)
    defer { span.end() }
    if span.isRecording {
      span.updateAttributes { attributes in
        attributes["nightshift.job.id"] = "\(context.id)"
        attributes["nightshift.job.kind"] = context.kind.rawValue
        attributes["nightshift.job.attempt"] = context.attempt
        describe(&attributes)
      }
    }
    do {
      return try await ServiceContext.withValue(span.context, operation: body)
    } catch {
      if context.countsAsFailure(error) { span.fail(with: error, of: context) } else { span.note(error) }
      throw error
    }
  }

  func request<Answer: Sendable>(
    _ request: ObservedRequest, _ body: @Sendable (String?) async -> (Answer, ObservedAnswer)
  ) async -> Answer {
    guard let tracer, !Self.untraced.contains(request.route ?? "") else {
      let (answer, observed) = await body(nil)
      report(request, observed)
      return answer
    }
    var parent = ServiceContext.topLevel
    parent.trace = request.traceparent.flatMap(TraceContext.init(traceparent:))
    let name = request.route.map { "\(request.method) \($0)" } ?? request.method
    let span = tracer.startSpan(name, context: parent, ofKind: .server)
    defer { span.end() }
    return await ServiceContext.withValue(span.context) {
      let (answer, observed) = await body(span.context.trace?.traceparent)
      span.updateAttributes { attributes in
        attributes["http.request.method"] = request.method
        attributes["http.route"] = request.route
        attributes["http.response.status_code"] = observed.status
        attributes["nightshift.request.id"] = request.id
      }
      if observed.status >= 500 { span.setStatus(SpanStatus(code: .error)) }
      report(request, observed)
      return answer
    }
  }
}

// MARK: Error reports

extension TelemetryObserver {
  private func report(_ request: ObservedRequest, _ answer: ObservedAnswer) {
    guard let reporter, let failure = answer.failure else { return }
    let place = "\(request.method) \(request.route ?? "")"
    reporter.add(
      .init(
        event: SentryEvent(
          at: clock.now, transaction: place, failure: failure,
          tags: ["request": request.id, "route": request.route ?? "", "method": request.method],
          fingerprint: [place, failure.type], trace: ServiceContext.current?.trace)))
  }

  func ended(_ settlements: [Settlement]) {
    guard let reporter else { return }
    for settlement in settlements {
      switch settlement.outcome {
      case .dead(let failure): report(settlement, failure, reporter)
      case .runAgain(_, .retry(let failure)) where reporter.configuration.rule == .each:
        report(settlement, failure, reporter)
      default: continue
      }
    }
  }

  private func report(_ settlement: Settlement, _ failure: Failure, _ reporter: SentryReporter) {
    // Whoever reads it there has no role, and sees what nobody may see.
    let failure = settlement.hidden.map { failure.masked($0) } ?? failure
    let isFinal = if case .dead = settlement.outcome { true } else { false }
    let event = SentryEvent(
      at: settlement.endedAt, transaction: "jobs/\(settlement.kind)", failure: failure,
      tags: [
        "job.kind": settlement.kind, "job.queue": settlement.queue, "job.id": "\(settlement.id)",
        "job.attempt": "\(settlement.attempt)", "job.final": "\(isFinal)", "worker": "\(settlement.worker)",
      ],
      // As dead letters are grouped: a script that fails in two ways is two issues, though both are `exit 1`.
      fingerprint: [settlement.kind, failure.type, ErrorFingerprint.of(kind: settlement.kind, failure)],
      trace: settlement.trace.flatMap(TraceContext.init(traceparent:)))
    reporter.add(.init(event: event, attempt: (settlement.id, settlement.attempt)))
  }

  func crashed(_ jobs: [CrashedJob], cause: String) {
    guard let reporter else { return }
    for job in jobs {
      let event = SentryEvent(
        at: clock.now, level: .fatal, transaction: "jobs/\(job.kind)",
        failure: Failure(type: "crash", message: "While this job's handler was running, \(cause)."), isHandled: false,
        tags: [
          "job.kind": job.kind, "job.queue": job.queue, "job.id": "\(job.id)", "job.attempt": "\(job.attempt)",
          "worker": "\(job.worker)",
        ], fingerprint: [job.kind, "crash"])
      reporter.add(.init(event: event, attempt: (job.id, job.attempt)))
    }
  }
}

extension OTLPSpan {
  /// Nothing is looked for in what nobody is sent.
  fileprivate func fail(with error: any Error, of context: JobContext) {
    guard isRecording else { return }
    let failure = context.told(error)
    record(failure, at: DefaultTracerClock.now)
    setStatus(SpanStatus(code: .error, message: failure.message))
  }

  /// The attempt waits, is put off or was stopped: no error, but of interest.
  fileprivate func note(_ error: any Error) {
    guard isRecording else { return }
    attributes["nightshift.outcome"] = String(describing: type(of: error))
  }
}
