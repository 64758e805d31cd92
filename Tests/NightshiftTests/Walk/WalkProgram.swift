@testable import Nightshift
import Synchronization

/// What a job of the walk does, one act after the other; it travels as the job's payload.
struct WalkProgram: Codable, Sendable, Hashable {
  enum Act: Codable, Sendable, Hashable, CustomStringConvertible {
    case step(String)
    case once(String)
    case sleep(Int)
    case signal([String], timeout: Int?)
    case approval(String, WalkQuestion)
    case inform(String)
    case child(String, [Act])
    /// Two that are waited for at the same time.
    indirect case both(Act, Act)

    var description: String {
      switch self {
      case .step(let name), .once(let name), .inform(let name): name
      case .sleep(let seconds): "sleep \(seconds)"
      case .signal(let names, let timeout): "signal \(names)\(timeout.map { " for \($0)" } ?? "")"
      case .approval(let name, let question): "\(name) \(question)"
      case .child(let name, let acts): "\(name) \(acts)"
      case .both(let first, let second): "(\(first) & \(second))"
      }
    }
  }

  var acts: [Act]
}

/// How an approval is asked; times in seconds.
struct WalkQuestion: Codable, Sendable, Hashable, CustomStringConvertible {
  var required = 1
  var expires = 20
  var onExpiry = Expiry.reject
  var reminder: Int?

  var description: String {
    "of \(required) within \(expires) else \(onExpiry)\(reminder.map { " reminding at \($0)" } ?? "")"
  }

  var options: CheckpointOptions {
    var options = CheckpointOptions()
    options.expires = .seconds(expires)
    options.onExpiry = onExpiry
    options.reminders = reminder.map { [.seconds($0)] } ?? []
    options.reviewers.required = required
    if onExpiry == .escalate { options.escalateTo.roles = ["admin"] }
    return options
  }
}

/// How one attempt is to go, beside what its program says.
enum WalkEnding: Sendable, Hashable {
  case completes
  /// Before the act with this number, or at the end.
  case fails(at: Int)
  case failsForGood(at: Int)
  case snoozes(at: Int, seconds: Int)
  /// In the body of the step at this place.
  case bodyFails(at: Int)
  /// Others take its worker for dead while the body of the step at this place runs.
  case lost(at: Int, isBlamed: Bool)

  /// What the attempt throws before the act with this number.
  func check(_ place: Int) throws {
    switch self {
    case .fails(place): throw WalkFailure()
    case .failsForGood(place): throw PermanentFailure("for good")
    case .snoozes(place, let seconds): throw Snooze.for(.seconds(seconds))
    default: break
    }
  }
}

struct WalkFailure: Error {}

/// Runs programs, and counts how often the body of each step was begun.
final class WalkHandler: Sendable {
  private struct State {
    var ending = WalkEnding.completes
    var bodies: [JobID: [String: Int]] = [:]
  }

  private let state = Mutex(State())
  private let lose: @Sendable (_ blamed: Set<JobID>) async throws -> Void

  /// - Parameter lose: Takes everything back from the worker whose attempt this is.
  init(lose: @escaping @Sendable (_ blamed: Set<JobID>) async throws -> Void) { self.lose = lose }

  /// How the next attempt is to go.
  func expect(_ ending: WalkEnding) { state.withLock { $0.ending = ending } }
  func bodies(of job: JobID) -> [String: Int] { state.withLock { $0.bodies[job] ?? [:] } }

  func run(_ program: WalkProgram, _ context: JobContext) async throws -> Int {
    let ending = state.withLock { $0.ending }
    for (place, act) in program.acts.enumerated() {
      try ending.check(place)
      try await run(act, at: place, ending, context)
    }
    try ending.check(program.acts.count)
    return context.attempt
  }

  private func run(_ act: WalkProgram.Act, at place: Int, _ ending: WalkEnding, _ context: JobContext) async throws {
    switch act {
    case .step(let name): try await step(name, .repeatable, at: place, ending, context)
    case .once(let name): try await step(name, .once, at: place, ending, context)
    case .sleep(let seconds): try await context.sleep(for: .seconds(seconds))
    case .signal(let names, let timeout):
      _ = try await context.signal(anyOf: names, timeout: timeout.map { .seconds($0) })
    case .approval(let name, let question):
      try await context.approval(name, title: name, showing: "shown", options: question.options)
    case .inform(let name): try await context.inform(name, title: name)
    case .child(let name, let acts):
      var options = JobOptions()
      options.maxAttempts = 2
      try await context.child(name, WalkJob(acts: acts), options).wait()
    case .both(let first, let second):
      async let one = ended(first, at: place, ending, context)
      async let two = ended(second, at: place, ending, context)
      for end in await [one, two] { try end.get() }
    }
  }

  /// How an act came out: one that fails is not to cut off the other.
  private func ended(
    _ act: WalkProgram.Act, at place: Int, _ ending: WalkEnding, _ context: JobContext
  ) async -> Result<Void, any Error> {
    do {
      return .success(try await run(act, at: place, ending, context))
    } catch {
      return .failure(error)
    }
  }

  private func step(
    _ name: String, _ mode: StepMode, at place: Int, _ ending: WalkEnding, _ context: JobContext
  ) async throws {
    let id = context.id
    _ = try await context.step(name, mode) { [self] () async throws -> Int in
      state.withLock { $0.bodies[id, default: [:]][name, default: 0] += 1 }
      switch ending {
      case .bodyFails(place): throw WalkFailure()
      case .lost(place, let isBlamed): try await lose(isBlamed ? [id] : [])
      default: break
      }
      return place
    }
  }
}

/// A program as a job that others may have for a child.
struct WalkJob: Job {
  static let kind: JobKind = "walk"
  var acts: [WalkProgram.Act]

  func run(_ context: JobContext) async throws {}
}
