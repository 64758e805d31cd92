@testable import Nightshift

// MARK: One attempt

extension WalkModel {
  /// How an attempt comes out.
  enum Outcome {
    case completed
    case failed
    case failedForGood
    case snoozed(Int)
    case cancelled
    case parked([(wait: Wait, question: Question?)])
    /// Others had taken it back before it was over.
    case stale(blamed: Bool)
  }

  /// Runs an attempt of a job that was claimed.
  mutating func run(_ job: Int, _ ending: WalkEnding) {
    newChildren = []
    settle(job, attempt(job, ending))
  }

  private mutating func attempt(_ job: Int, _ ending: WalkEnding) -> Outcome {
    var uses: [String: Int] = [:]
    for (place, act) in jobs[job].program.acts.enumerated() {
      if let outcome = ending.outcome(at: place) { return outcome }
      if let outcome = take(act, job, place, ending, &uses) { return outcome }
    }
    return ending.outcome(at: jobs[job].program.acts.count) ?? .completed
  }

  /// `nil` if the attempt goes on behind it.
  private mutating func take(
    _ act: WalkProgram.Act, _ job: Int, _ place: Int, _ ending: WalkEnding, _ uses: inout [String: Int]
  ) -> Outcome? {
    func key(_ name: String) -> String {
      uses[name, default: 0] += 1
      return uses[name] == 1 ? name : "\(name)#\(uses[name]!)"
    }
    switch act {
    case .step(let name): return step(job, name, key(name), place, ending)
    case .once(let name): return once(job, name, key(name), place, ending)
    case .sleep(let seconds):
      let wait = Wait(key: key("sleep"), kind: .time, due: now + .seconds(seconds))
      if let former = former(job, wait.key), former.state != .open { return nil }
      return .parked([(wait, nil)])
    case .signal(let names, let timeout): return signal(job, names, timeout, key(names.sorted().joined(separator: "|")))
    case .approval(let name, let question): return approval(job, key(name), question)
    case .inform(let name):
      let key = key(name)
      guard !jobs[job].questions.contains(where: { $0.key == key }) else { return nil }
      var note = Question(key: key, type: .info, createdAt: now)
      note.state = .noted
      jobs[job].questions.append(note)
      tell("checkpoint.info", job)
      return nil
    case .child(let name, let acts): return child(job, key(name), acts)
    case .both(let first, let second): return both(first, second, job, place, ending, &uses)
    }
  }

  private mutating func both(
    _ first: WalkProgram.Act, _ second: WalkProgram.Act, _ job: Int, _ place: Int, _ ending: WalkEnding,
    _ uses: inout [String: Int]
  ) -> Outcome? {
    let outcomes = [take(first, job, place, ending, &uses), take(second, job, place, ending, &uses)].compactMap(\.self)
    var parked: [(wait: Wait, question: Question?)] = []
    for case .parked(let waits) in outcomes { parked += waits }
    // Whatever else came of them: an attempt that has asked to wait is parked.
    return parked.isEmpty ? outcomes.first : .parked(parked)
  }

  private func former(_ job: Int, _ key: String) -> Wait? { jobs[job].waits.first { $0.key == key } }

  private mutating func step(_ job: Int, _ name: String, _ key: String, _ place: Int, _ ending: WalkEnding) -> Outcome?
  {
    let kept = jobs[job].steps.first { $0.key == key }
    if kept?.state == .completed { return nil }
    jobs[job].bodies[name, default: 0] += 1
    if case .bodyFails(place) = ending { return .failed }
    if case .lost(place, let isBlamed) = ending { return .stale(blamed: isBlamed) }
    keep(job, Step(key: key, state: .completed, attempt: jobs[job].attempt, tries: (kept?.tries ?? 0) + 1))
    return nil
  }

  private mutating func once(_ job: Int, _ name: String, _ key: String, _ place: Int, _ ending: WalkEnding) -> Outcome?
  {
    var record = Step(key: key, state: .started, attempt: jobs[job].attempt, tries: 1)
    if let kept = jobs[job].steps.first(where: { $0.key == key }) {
      if kept.state == .completed { return nil }
      guard let question = jobs[job].questions.first(where: { $0.key == "\(key)!\(kept.tries)" }),
        question.state != .pending
      else { return ask(job, kept) }
      guard question.state == .approved, question.choice != "fail" else { return .failedForGood }
      if question.choice == "happened" {
        var happened = kept
        happened.state = .completed
        keep(job, happened)
        return nil
      }
      record.tries = kept.tries + 1
    }
    keep(job, record)
    jobs[job].bodies[name, default: 0] += 1
    if case .lost(place, let isBlamed) = ending { return .stale(blamed: isBlamed) }
    if case .bodyFails(place) = ending {
      record.state = .failed
      keep(job, record)
      return ask(job, record)
    }
    record.state = .completed
    keep(job, record)
    return nil
  }

  private mutating func keep(_ job: Int, _ step: Step) {
    jobs[job].steps.removeAll { $0.key == step.key }
    jobs[job].steps.append(step)
  }

  /// Asks what became of a step that was cut off.
  private func ask(_ job: Int, _ step: Step) -> Outcome {
    let key = "\(step.key)!\(step.tries)"
    var question = Question(key: key, type: .error, createdAt: now)
    question.asked.expires = 86_400
    question.asked.onExpiry = .fail
    return .parked([(Wait(key: key, kind: .checkpoint), question)])
  }

  private func signal(_ job: Int, _ names: [String], _ timeout: Int?, _ key: String) -> Outcome? {
    switch former(job, key)?.state {
    case .satisfied: return nil
    case .timedOut, .rejected, .withdrawn: return .failed
    case .open, nil:
      let due = timeout.map { now + .seconds($0) }
      return .parked([(Wait(key: key, kind: .signal, names: names, due: due), nil)])
    }
  }

  private func approval(_ job: Int, _ key: String, _ asked: WalkQuestion) -> Outcome? {
    if let question = jobs[job].questions.first(where: { $0.key == key }) {
      switch (question.state, question.asked.onExpiry) {
      case (.approved, _), (.expired, .continue): return nil
      case (.expired, .fail): return .failedForGood
      case (.rejected, _), (.expired, _): return .cancelled
      default: break
      }
    }
    var question = Question(key: key, type: .approval, asked: asked, createdAt: now)
    question.expiresAt = now + .seconds(asked.expires)
    return .parked([(Wait(key: key, kind: .checkpoint), question)])
  }

  private mutating func child(_ job: Int, _ key: String, _ acts: [WalkProgram.Act]) -> Outcome? {
    var child = jobs[job].steps.first { $0.key == key }?.child
    if child == nil {
      child = insert([Draft(program: WalkProgram(acts: acts), queue: "default", runAt: now)])?.first?.job
      keep(job, Step(key: key, state: .completed, attempt: jobs[job].attempt, tries: 1, child: child))
      newChildren.append((job, key, jobs.count - 1))
    }
    guard let child, !jobs[child].isGone else { return .failed }
    switch jobs[child].state {
    case .completed: return nil
    case .dead, .cancelled: return .failed
    default:
      let waitKey = "child j\(child)#attempt:\(jobs[job].attempt)"
      return .parked([(Wait(key: waitKey, kind: .child, target: child), nil)])
    }
  }
}

extension WalkEnding {
  fileprivate func outcome(at place: Int) -> WalkModel.Outcome? {
    switch self {
    case .fails(place): .failed
    case .failsForGood(place): .failedForGood
    case .snoozes(place, let seconds): .snoozed(seconds)
    default: nil
    }
  }
}

// MARK: Its end

extension WalkModel {
  static let backoff = [1, 3]

  private mutating func settle(_ job: Int, _ outcome: Outcome) {
    if case .stale(let isBlamed) = outcome { return lose(blamed: isBlamed ? [job] : []) }
    if case .completed = outcome {
      jobs[job].state = .completed
      jobs[job].result = jobs[job].attempt
      // What others have asked on its behalf, and nobody has answered.
      if jobs[job].questions.contains(where: { $0.state == .pending }) { withdraw(job) }
      return follow([job])
    }
    if jobs[job].isCancelRequested { return endAsCancelled(job) }
    switch outcome {
    case .completed, .stale: break
    case .cancelled: endAsCancelled(job)
    case .snoozed(let seconds):
      note(job, "snoozed")
      runAgain(job, in: seconds)
    case .failed:
      note(job, "failed")
      jobs[job].failures += 1
      guard jobs[job].failures < jobs[job].maxAttempts else { return die(job) }
      runAgain(job, in: Self.backoff[min(jobs[job].failures, Self.backoff.count) - 1])
    case .failedForGood:
      note(job, "failed")
      jobs[job].failures += 1
      die(job)
    case .parked(let waits): park(job, waits)
    }
  }

  private mutating func runAgain(_ job: Int, in seconds: Int) {
    jobs[job].state = .scheduled
    jobs[job].runAt = now + .seconds(seconds)
  }

  private mutating func die(_ job: Int) {
    jobs[job].state = .dead
    withdraw(job)
    tell("dead", job)
    follow([job])
  }

  private mutating func endAsCancelled(_ job: Int) {
    jobs[job].state = .cancelled
    note(job, "cancelled")
    withdraw(job)
    tell("cancelled", job)
    follow([job])
  }

  private mutating func park(_ job: Int, _ waits: [(wait: Wait, question: Question?)]) {
    jobs[job].state = .waiting
    note(job, "parked")
    // What each attempt asks for anew is waited for by the last one only.
    for place in jobs[job].waits.indices
    where jobs[job].waits[place].state == .open && jobs[job].waits[place].key.contains("#attempt:") {
      jobs[job].waits[place].state = .withdrawn
    }
    let mustWait = waits.map { open(job, $0.wait, $0.question) }
    if mustWait.contains(false) { resume(job) }
  }

  /// `false` if there is nothing to wait for any more.
  private mutating func open(_ job: Int, _ wait: Wait, _ question: Question?) -> Bool {
    if let former = jobs[job].waits.first(where: { $0.key == wait.key && $0.kind == wait.kind }) {
      return former.state == .open
    }
    var wait = wait
    if let question { wait.due = add(question, to: job) }
    jobs[job].waits.append(wait)
    let place = jobs[job].waits.count - 1
    if wait.kind == .signal { return !takeSignal(job, place) }
    guard wait.kind == .child, jobs[wait.target!].isGone || jobs[wait.target!].state.isTerminal else { return true }
    jobs[job].waits[place].state = .satisfied
    return false
  }

  /// - Returns: When it has to be looked after.
  mutating func add(_ question: Question, to job: Int) -> Timestamp? {
    var question = question
    question.expiresAt = now + .seconds(question.asked.expires)
    jobs[job].questions.append(question)
    tell("checkpoint", job)
    return question.due
  }
}
