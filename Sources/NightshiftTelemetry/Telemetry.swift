package import Logging
package import Nightshift

/// What goes out of this process to tracing and error tracking.
///
/// Give ``observer`` to the engine, and let the whole life of the engine run inside ``run(_:)``: what its last jobs have
/// left is sent after it has ended.
package final class Telemetry: Sendable {
  /// How long the end of the process may wait for what is still to be sent.
  package static let patience = Duration.seconds(5)

  /// Makes the spans; `nil` if nothing is traced. The program bootstraps it as its process's tracer.
  package let tracer: OTLPTracer?
  private let exporter: SpanExporter?
  private let reporter: SentryReporter?
  private let clock: any WallClock

  package init(
    traces: TracesConfiguration?, errors: ErrorsConfiguration?, clock: any WallClock = SystemClock(), logger: Logger
  ) {
    self.clock = clock
    let exporter = traces.map {
      SpanExporter($0, client: TelemetryClient(timeout: $0.timeout), clock: clock, logger: logger)
    }
    self.exporter = exporter
    tracer = traces.map { traces in OTLPTracer(sampler: traces.sampler) { exporter?.add($0) } }
    reporter = errors.map {
      SentryReporter($0, client: TelemetryClient(timeout: $0.timeout), clock: clock, logger: logger)
    }
  }

  /// What the engine is to tell of its work; `nil` if nobody wants to know.
  package var observer: (any EngineObserver)? {
    guard tracer != nil || reporter != nil else { return nil }
    return TelemetryObserver(tracer: tracer, exporter: exporter, reporter: reporter, clock: clock)
  }

  /// Says which engine knows the log lines that go with an error report.
  package func follow(_ engine: Engine) {
    reporter?.readLines { [weak engine] job, attempt in await engine?.breadcrumbs(of: job, attempt) ?? [] }
  }

  /// Sends while `body` runs, and then, for a few seconds at most, what is left.
  package func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    guard tracer != nil || reporter != nil else { return try await body() }
    let loops = [exporter.map { $0.run }, reporter.map { $0.run }].compactMap(\.self).map { loop in
      // Cancelled below, after the body.
      Task { await loop() }
    }
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await end(loops)
    return try result.get()
  }

  /// Not by cancelling at once: that would break off what is being sent.
  private func end(_ loops: [Task<Void, Never>]) async {
    exporter?.end()
    reporter?.end()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for loop in loops { await loop.value } }
      // Cancelled when all is sent, which is no error.
      group.addTask { [clock] in _ = try? await clock.sleep(for: Self.patience) }
      await group.next()
      for loop in loops { loop.cancel() }
      group.cancelAll()
    }
  }
}

extension Engine {
  /// The last log lines of an attempt, without what is hidden of its job. A report without them is better than none, and
  /// than one with lines of which nothing tells what they must not show.
  fileprivate func breadcrumbs(of job: JobID, _ attempt: Int) async -> [SentryEvent.Breadcrumb] {
    do throws(StoreError) {
      let lines = try await lastLogs(of: job, attempt: attempt, limit: SentryEvent.mostBreadcrumbs)
      guard !lines.isEmpty else { return [] }
      let hidden = try await hiddenTexts(of: [job], by: configuration.redaction)[job] ?? []
      return configuration.redaction.redacted(lines, hiding: hidden).map {
        SentryEvent.Breadcrumb(at: $0.at, level: $0.level, message: $0.message)
      }
    } catch {
      logger.debug("log lines for an error report could not be read", metadata: ["error": "\(error)"])
      return []
    }
  }
}
