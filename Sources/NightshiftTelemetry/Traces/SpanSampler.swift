import Nightshift

/// Which traces are sent, by OpenTelemetry's names.
package enum SpanSampler: Sendable, Hashable {
  case always
  case never
  /// This part of all traces, told by the trace's id, so that every process decides alike.
  case ratio(Double)
  /// As whoever began the trace has decided; where nobody has, by this one.
  indirect case parentBased(SpanSampler)

  /// The names that `OTEL_TRACES_SAMPLER` may have.
  package static let names = [
    "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
    "parentbased_traceidratio",
  ]

  /// - Parameters:
  ///   - name: One of ``names``.
  ///   - argument: The ratio, from 0 to 1; without one all traces.
  package init?(name: String, argument: Double?) {
    let ratio = SpanSampler.ratio(argument ?? 1)
    switch name {
    case "always_on": self = .always
    case "always_off": self = .never
    case "traceidratio": self = ratio
    case "parentbased_always_on": self = .parentBased(.always)
    case "parentbased_always_off": self = .parentBased(.never)
    case "parentbased_traceidratio": self = .parentBased(ratio)
    default: return nil
    }
  }

  func samples(_ context: TraceContext, below parent: TraceContext?) -> Bool {
    switch self {
    case .always: true
    case .never: false
    // By the lower half, whose bits are random in every version of the format.
    case .ratio(let ratio): Double(context.low >> 11) < ratio * Double(UInt64(1) << 53)
    case .parentBased(let root): parent.map(\.isSampled) ?? root.samples(context, below: nil)
    }
  }
}
