import Foundation
import Nightshift

/// A job that does one act after the other, notes each in the ledger, and may kill its own process at a named point.
struct FlowJob: Codable, Sendable {
  static let kind: JobKind = "flow"
  static let options = KindOptions(queue: "flow")

  struct Act: Codable, Sendable {
    enum Kind: String, Codable, Sendable { case step, once, sleep, signal, approval, child, inform }

    var kind: Kind
    /// Of a step, signal or question.
    var name: String?
    /// How long a sleep is, or the body of a step.
    var seconds: Double?
    /// Of the child.
    var number: Int?
  }

  /// Where in an act the process dies.
  enum Point: String, Codable, Sendable {
    /// Nothing of the act has happened.
    case before
    /// The body has begun, and has noted nothing.
    case begun
    /// The body is under way.
    case inside
    /// The body has done its work and not returned.
    case done
    /// The result is about to be recorded.
    case encoding
    /// The result is on disk, or the wait was asked for and is not.
    case after
    /// The handler has returned, and nothing of that is recorded. Whichever the act.
    case settling
  }

  struct Death: Codable, Sendable {
    var act: Int
    var point: Point
  }

  var number: Int
  var acts: [Act] = []
  /// In the first attempt only.
  var death: Death?

  func run(_ context: JobContext, _ ledger: Ledger) async throws -> Mortal {
    let attempt = context.attempt
    ledger.note("begin", "\(number)", "\(attempt)")
    for (place, act) in acts.enumerated() {
      let fate = Fate(point: attempt == 1 && death?.act == place ? death?.point : nil)
      fate.meet(.before)
      do {
        try await run(act, fate, context, ledger)
      } catch is Parked {
        fate.meet(.after)
        throw Parked()
      }
      fate.meet(.after)
    }
    ledger.note("done", "\(number)", "\(attempt)")
    return Mortal(fate: Fate(point: attempt == 1 ? death?.point : nil), point: .settling)
  }

  private func run(_ act: Act, _ fate: Fate, _ context: JobContext, _ ledger: Ledger) async throws {
    let (name, number, attempt) = (act.name ?? "", "\(number)", "\(context.attempt)")
    switch act.kind {
    case .step, .once: try await step(act, fate, context, ledger)
    case .sleep: try await context.sleep(for: .milliseconds(Int((act.seconds ?? 0) * 1000)))
    case .signal:
      let sent = try await context.signal(name, as: Int.self)
      ledger.note("signal", number, attempt, name, "\(sent)")
    case .approval:
      try await context.approval(name, title: "May \(number) \(name)?", showing: number)
      ledger.note("approved", number, attempt, name)
    case .inform: try await context.inform(name, title: "\(number) tells \(name)")
    case .child:
      let child = try await context.child("child", ChildJob(number: act.number ?? 0))
      fate.meet(.done)
      try await child.wait()
      ledger.note("child", number, attempt, "\(act.number ?? 0)")
    }
  }

  private func step(_ act: Act, _ fate: Fate, _ context: JobContext, _ ledger: Ledger) async throws {
    let (name, number, attempt) = (act.name ?? "", "\(number)", "\(context.attempt)")
    let value = try await context.step(name, act.kind == .once ? .once : .repeatable) { () async throws -> Mortal in
      fate.meet(.begun)
      ledger.note("step-begin", number, attempt, name)
      fate.meet(.inside)
      if let seconds = act.seconds { try await Task.sleep(for: .milliseconds(Int(seconds * 1000))) }
      ledger.note("step-end", number, attempt, name)
      fate.meet(.done)
      return Mortal(fate: fate, point: .encoding)
    }
    // One that came from the store has no fate. Whoever has run it learns only now that it is recorded.
    if value.fate != nil { ledger.note("step-kept", number, attempt, name) }
  }
}

/// A child of a flow, as it is enqueued.
private struct ChildJob: Job {
  static let kind = FlowJob.kind
  static let options = FlowJob.options
  var number: Int
  var acts: [FlowJob.Act] = []

  init(number: Int) { self.number = number }

  func run(_ context: JobContext) async throws {}
}

/// Where this process is to die, if it is.
struct Fate: Sendable {
  var point: FlowJob.Point?

  /// Kills the process as somebody outside would, with nothing tidied up.
  func meet(_ here: FlowJob.Point) {
    guard point == here else { return }
    kill(getpid(), SIGKILL)
    // The signal is on its way.
    while true { pause() }
  }
}

/// A result at whose encoding the process may die: that is after all of the body, and before anything of it is recorded.
struct Mortal: Codable, Sendable {
  var fate: Fate?
  var point: FlowJob.Point?

  init(fate: Fate, point: FlowJob.Point) {
    self.fate = fate
    self.point = point
  }

  init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer().decode(Bool.self) }

  func encode(to encoder: any Encoder) throws {
    if let point { fate?.meet(point) }
    var container = encoder.singleValueContainer()
    try container.encode(true)
  }
}
