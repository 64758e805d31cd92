package import Logging
import Tracing

extension Logger.MetadataProvider {
  /// Names the trace and the span that a line belongs to, so that a log leads to its trace.
  package static let trace = Logger.MetadataProvider {
    guard let trace = ServiceContext.current?.trace else { return [:] }
    return ["trace": "\(trace.traceID)", "span": "\(trace.spanID)"]
  }
}
