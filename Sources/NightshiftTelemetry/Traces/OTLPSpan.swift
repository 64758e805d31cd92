import Nightshift
import Synchronization
package import Tracing

/// A span under way. One that is not sampled keeps nothing but its context.
package final class OTLPSpan: Span {
  private struct State {
    var span: FinishedSpan
    var attributes = SpanAttributes()
    var isOver = false
  }

  package let context: ServiceContext
  private let finish: (@Sendable (FinishedSpan) -> Void)?
  private let state: Mutex<State>

  init(_ span: FinishedSpan, context: ServiceContext, finish: (@Sendable (FinishedSpan) -> Void)?) {
    self.context = context
    self.finish = finish
    state = Mutex(State(span: span))
  }

  package var isRecording: Bool { finish != nil && state.withLock { !$0.isOver } }

  package var operationName: String {
    get { state.withLock { $0.span.name } }
    set { change { $0.span.name = newValue } }
  }

  package var attributes: SpanAttributes {
    get { state.withLock { $0.attributes } }
    set { change { $0.attributes = newValue } }
  }

  private func change(_ body: (inout State) -> Void) {
    guard finish != nil else { return }
    state.withLock { if !$0.isOver { body(&$0) } }
  }

  /// What a handler's libraries say in it may repeat what nobody outside is to read.
  package func setStatus(_ status: SpanStatus) {
    guard isRecording else { return }
    let message = status.message.map { Redaction.text(JobContext.current?.told($0) ?? $0) }
    change { $0.span.status = SpanStatus(code: status.code, message: message) }
  }

  package func addEvent(_ event: SpanEvent) {
    change { state in
      guard state.span.events.count < FinishedSpan.mostEvents else {
        state.span.droppedEvents += 1
        return
      }
      state.span.events.append(
        .init(name: event.name, at: event.nanosecondsSinceEpoch, attributes: event.attributes.bounded().0))
    }
  }

  package func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    guard isRecording else { return }
    record(
      JobContext.current?.told(error) ?? Failure(describing: error), attributes: attributes, at: instant())
  }

  /// An error as it may be told outside.
  func record<Instant: TracerInstant>(
    _ failure: Failure, attributes: SpanAttributes = [:], at instant: @autoclosure () -> Instant
  ) {
    var attributes = attributes
    attributes["exception.type"] = failure.type
    attributes["exception.message"] = Redaction.text(failure.message)
    addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
  }

  package func addLink(_ link: SpanLink) {
    guard let trace = link.context.trace else { return }
    change { state in
      guard state.span.links.count < FinishedSpan.mostLinks else { return }
      state.span.links.append(.init(context: trace, attributes: link.attributes.bounded().0))
    }
  }

  package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    guard let finish else { return }
    let span: FinishedSpan? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.isOver = true
      state.span.endedAt = max(instant().nanosecondsSinceEpoch, state.span.startedAt)
      (state.span.attributes, state.span.droppedAttributes) = state.attributes.bounded()
      return state.span
    }
    if let span { finish(span) }
  }
}
