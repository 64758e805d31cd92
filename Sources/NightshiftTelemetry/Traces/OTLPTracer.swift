package import Tracing

/// Makes spans and hands those that are over and sampled to an exporter.
///
/// It is bootstrapped as the process's tracer, so that the spans of whatever libraries handlers use lie below theirs.
package final class OTLPTracer: Tracer {
  private let sampler: SpanSampler
  private let finish: @Sendable (FinishedSpan) -> Void

  /// - Parameter finish: Called with each sampled span at its end; it must return at once.
  init(sampler: SpanSampler, finish: @escaping @Sendable (FinishedSpan) -> Void) {
    self.sampler = sampler
    self.finish = finish
  }

  package func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> OTLPSpan {
    var context = context()
    let parent = context.trace
    var trace = parent?.child() ?? .root()
    trace.isSampled = sampler.samples(trace, below: parent)
    context.trace = trace
    let span = FinishedSpan(
      context: trace, parent: parent, name: operationName, kind: kind, startedAt: instant().nanosecondsSinceEpoch,
      endedAt: 0)
    return OTLPSpan(span, context: context, finish: trace.isSampled ? finish : nil)
  }

  package func forceFlush() {}

  package func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    guard let text = extractor.extract(key: "traceparent", from: carrier),
      var trace = TraceContext(traceparent: text)
    else { return }
    trace.state = extractor.extract(key: "tracestate", from: carrier)
    context.trace = trace
  }

  package func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let trace = context.trace else { return }
    injector.inject(trace.traceparent, forKey: "traceparent", into: &carrier)
    if let state = trace.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
  }
}
