import Testing

@testable import NightshiftTelemetry

@Suite struct `A trace context` {
  private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func `is read and written as W3C has it`() throws {
    let context = try #require(TraceContext(traceparent: Self.example))
    #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && context.spanID == "00f067aa0ba902b7")
    #expect(context.isSampled && context.isRemote && context.traceparent == Self.example)
    let child = context.child()
    #expect(child.traceID == context.traceID && child.spanID != context.spanID && !child.isRemote)
  }

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false),
    // Unknown flags are let be, and not sent on.
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true),
    // A later version may have more.
    ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future", true),
    ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
  ])
  func `tells whether it is sampled`(_ text: String, _ isSampled: Bool) throws {
    let context = try #require(TraceContext(traceparent: text))
    #expect(context.isSampled == isSampled)
    #expect(context.traceparent.hasPrefix("00-") && context.traceparent.hasSuffix(isSampled ? "-01" : "-00"))
  }

  @Test(arguments: [
    "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
    "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  ])
  func `is not read from what is none`(_ text: String) { #expect(TraceContext(traceparent: text) == nil) }

  @Test func `is sampled as the sampler says`() throws {
    let (parent, root) = (try #require(TraceContext(traceparent: Self.example)), TraceContext.root())
    var unsampled = parent
    unsampled.isSampled = false
    for name in SpanSampler.names { #expect(SpanSampler(name: name, argument: 0.5) != nil) }
    #expect(SpanSampler(name: "sometimes", argument: nil) == nil)
    #expect(SpanSampler.always.samples(root, below: unsampled) && !SpanSampler.never.samples(root, below: parent))
    #expect(SpanSampler.parentBased(.never).samples(root, below: parent))
    #expect(!SpanSampler.parentBased(.always).samples(root, below: unsampled))
    #expect(SpanSampler.parentBased(.always).samples(root, below: nil))
    let taken = (0..<10_000).count { _ in SpanSampler.ratio(0.25).samples(.root(), below: nil) }
    #expect((2_200...2_800).contains(taken))
    #expect(SpanSampler.ratio(1).samples(root, below: nil) && !SpanSampler.ratio(0).samples(root, below: nil))
  }
}
