@testable import Nightshift

// MARK: Signals

extension WalkModel {
  /// The state that the job had.
  mutating func signal(_ name: String, to job: Int) -> JobState {
    let state = jobs[job].state
    guard !state.isTerminal else { return state }
    jobs[job].signals.append((name, false))
    let waits = jobs[job].waits
    guard let place = waits.firstIndex(where: { $0.state == .open && $0.names.contains(name) }) else { return state }
    if takeSignal(job, place) { resume(job) }
    return state
  }

  /// Ends a wait with the oldest signal that nobody has taken.
  mutating func takeSignal(_ job: Int, _ wait: Int) -> Bool {
    let names = jobs[job].waits[wait].names
    guard let place = jobs[job].signals.firstIndex(where: { !$0.isTaken && names.contains($0.name) }) else {
      return false
    }
    jobs[job].signals[place].isTaken = true
    jobs[job].waits[wait].state = .satisfied
    return true
  }
}

// MARK: People

extension WalkModel {
  /// Questions that wait for somebody: job and place.
  var open: [(job: Int, place: Int)] {
    present.flatMap { job in
      jobs[job].questions.indices.filter { jobs[job].questions[$0].state == .pending }.map { (job, $0) }
    }
  }

  /// Asks on behalf of a job from outside; `false` if it is refused or was asked before.
  mutating func ask(_ key: String, _ asked: WalkQuestion, of job: Int) -> Bool {
    guard [.running, .waiting].contains(jobs[job].state) else { return false }
    guard !jobs[job].questions.contains(where: { $0.key == key }) else { return false }
    var wait = Wait(key: key, kind: .checkpoint)
    wait.due = add(Question(key: key, type: .approval, asked: asked, createdAt: now), to: job)
    jobs[job].waits.append(wait)
    return true
  }

  enum Answer: Hashable {
    case approve(edited: Bool, choice: String?)
    case reject
  }

  /// Answers a question. `nil` if it is refused; else the state that it has then.
  mutating func decide(_ job: Int, _ place: Int, _ answer: Answer, by person: String) -> CheckpointState? {
    var question = jobs[job].questions[place]
    guard question.state == .pending, !jobs[job].state.isTerminal else { return nil }
    let isOver = question.expiresAt.map { $0 <= now } ?? false
    if isOver, question.asked.onExpiry != .escalate || question.isEscalated { return nil }
    defer { jobs[job].questions[place] = question }
    guard case .approve(let isEdited, let choice) = answer else {
      question.state = .rejected
      question.decisions += 1
      end(job, question.key, .rejected)
      return .rejected
    }
    guard !question.agreed.contains(person) else { return nil }
    if isEdited {
      question.data += "+"
      question.agreed = []
    }
    question.agreed.append(person)
    question.decisions += 1
    guard question.agreed.count >= question.asked.required else { return .pending }
    question.state = .approved
    question.choice = choice
    end(job, question.key, .satisfied)
    return .approved
  }

  private mutating func end(_ job: Int, _ key: String, _ state: Nightshift.Wait.State) {
    guard let place = jobs[job].waits.firstIndex(where: { $0.key == key && $0.state == .open }) else { return }
    jobs[job].waits[place].state = state
    resume(job)
  }
}

// MARK: Time

extension WalkModel {
  /// Makes due what is due.
  ///
  /// - Returns: When something is due next.
  mutating func promote() -> Timestamp? {
    for job in present where jobs[job].state == .scheduled && jobs[job].runAt <= now { jobs[job].state = .ready }
    for job in present {
      for place in jobs[job].waits.indices {
        let wait = jobs[job].waits[place]
        guard wait.state == .open, let due = wait.due, due <= now else { continue }
        switch wait.kind {
        case .time: jobs[job].waits[place].state = .satisfied
        case .signal, .child: jobs[job].waits[place].state = .timedOut
        case .checkpoint: guard questionIsDue(job, place) else { continue }
        }
        resume(job)
      }
    }
    let scheduled = present.filter { jobs[$0].state == .scheduled }.map { jobs[$0].runAt }
    let due = present.flatMap { jobs[$0].waits }.filter { $0.state == .open }.compactMap(\.due)
    return (scheduled + due).min()
  }

  /// `true` if its job is to go on.
  private mutating func questionIsDue(_ job: Int, _ wait: Int) -> Bool {
    guard !jobs[job].state.isTerminal else {
      // It has completed without the answer: nobody is to be troubled any more.
      withdraw(job)
      return false
    }
    let key = jobs[job].waits[wait].key
    let place = jobs[job].questions.firstIndex { $0.key == key }!
    var question = jobs[job].questions[place]
    defer {
      jobs[job].questions[place] = question
      jobs[job].waits[wait].due = question.due
    }
    guard question.expiresAt! <= now else {
      question.reminders = 1
      tell("checkpoint.reminder", job)
      return false
    }
    if question.asked.onExpiry == .escalate, !question.isEscalated {
      question.isEscalated = true
      question.expiresAt = now + .seconds(question.asked.expires)
      tell("checkpoint.escalated", job)
      return false
    }
    question.state = .expired
    question.decisions += 1
    jobs[job].waits[wait].state = .timedOut
    tell("checkpoint.expired", job)
    return true
  }
}

extension WalkModel.Question {
  var due: Timestamp? {
    let reminder = isEscalated || reminders > 0 ? nil : asked.reminder.map { createdAt + .seconds($0) }
    return [reminder, expiresAt].compactMap(\.self).min()
  }
}
