import Foundation
@testable import Nightshift
import NightshiftTesting
import TestSupport

// MARK: People

extension Walk {
  mutating func signal() async throws {
    guard let job = pick(model.present) else { return }
    let name = pick(["s", "t"])!
    say("\(name) to j\(job)")
    let state = try await world.engine.signal(name, to: world.ids[job], payload: [0x31], by: .system)
    expect("signalled", state, model.signal(name, to: job))
  }

  mutating func decide() async throws {
    // Errors are rare, and have the most to be said to.
    let errors = model.open.filter { model.jobs[$0.job].questions[$0.place].type == .error }
    guard let (job, place) = pick(chance(50) && !errors.isEmpty ? errors : model.open) else { return }
    let question = model.jobs[job].questions[place]
    let person = pick(["ada", "ben", "cy"])!
    let choice = question.type == .error ? pick(["happened", "again", "fail"])! : nil
    let isEdited = question.type == .approval && chance(20)
    let answer = chance(25) ? WalkModel.Answer.reject : .approve(edited: isEdited, choice: choice)
    say("j\(job) \(question.key) \(answer) by \(person)")
    let key = question.key
    guard let checkpoint = try await world.engine.checkpoint(key, of: world.ids[job]) else {
      return differences.append("the question \(key) of j\(job) is not there")
    }
    var verdict = Verdict(answer == .reject ? .reject : .approve)
    if case .approve = answer {
      verdict.choice = choice
      // The result of the step, should it have happened; and what an edit makes of what was shown.
      verdict.data = choice == "happened" ? 7 : isEdited ? .string(question.data + "+") : nil
    }
    var state: CheckpointState?
    do {
      state = try await world.engine.decide(checkpoint.id, verdict, by: Actor(id: person, role: .approver)).state
    } catch is CheckpointError {
      state = nil
    }
    expect("decided", state, model.decide(job, place, answer, by: person))
  }

  /// Somebody outside asks on behalf of a job.
  mutating func ask() async throws {
    let jobs = model.present.filter { !model.jobs[$0].state.isTerminal }
    guard let job = pick(jobs) else { return }
    let (key, question) = ("asked \(pick(["a", "b"])!)", self.question())
    say("\(key) of j\(job) \(question)")
    let draft = CheckpointDraft(key: key, type: .approval, title: key, data: "shown", options: question.options)
    let asked = try await world.engine.ask(draft, of: world.ids[job], by: .system)
    let isNew = if case .asked = asked { true } else { false }
    expect("asked", isNew, model.ask(key, question, of: job))
  }

  mutating func change() async throws {
    guard let job = pick(model.present) else { return }
    let id = world.ids[job]
    let isChanged: Bool
    let outcomes: [ChangeOutcome]
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3:
      say("cancel j\(job)")
      outcomes = try await world.engine.cancel([id], reason: "r", by: .system)
      isChanged = model.cancel(job)
    case 3..<7:
      let new = chance(30) ? program() : nil
      say("retry j\(job)\(new.map { " as \($0.acts)" } ?? "")")
      let payload = try new.map { [UInt8](try JSONEncoder().encode($0)) }
      outcomes = try await world.engine.retry([id], payload: payload, by: .system)
      isChanged = model.retry(job, new)
    case 7:
      say("discard j\(job)")
      outcomes = try await world.engine.discard([id], by: .system)
      isChanged = model.discard(job)
    default:
      let held = model.present.filter { model.jobs[$0].hold != nil }
      let job = pick(held) ?? job
      say("release j\(job)")
      outcomes = try await world.engine.change(
        .release(.dependencyDied), of: [world.ids[job]], verb: "release", detail: nil, by: .system)
      isChanged = model.releaseHold(job)
    }
    let hasChanged = if case .changed = outcomes.first { true } else { false }
    expect("changed", hasChanged, isChanged)
  }

  mutating func pause() async throws {
    let queue = pick(Self.queues)!
    let name = QueueName(stored: queue)
    if paused.remove(queue) != nil {
      say("resume \(queue)")
      _ = try await world.engine.resume(.queue(name), by: .system)
    } else {
      _ = try await world.engine.pause(.queue(name), by: .system)
      say("pause \(queue)")
      paused.insert(queue)
    }
  }
}
