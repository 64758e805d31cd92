@testable import Nightshift

// MARK: What an end brings about

extension WalkModel {
  /// Ties a new job to others, and decides at once where they have ended.
  ///
  /// - Parameter batch: The number of the first job of the batch.
  /// - Returns: The job, if that has ended it.
  mutating func link(_ job: Int, _ draft: Draft, to targets: [Int], before batch: Int) -> [Int] {
    var seen: Set<Int> = []
    for target in targets where seen.insert(target).inserted {
      jobs[job].ties.append(Tie(target: target, policy: draft.onDeath))
    }
    // As of the moment before anything is decided: others of the batch end by themselves later.
    let ended = jobs[job].ties.map(\.target).filter { $0 < batch && jobs[$0].state.isTerminal }
    return ended.isEmpty ? [] : decide(job, ended)
  }

  /// Follows the ends of jobs until nothing new has ended.
  mutating func follow(_ ended: [Int]) {
    var ends = ended
    while !ends.isEmpty {
      let round = ends.filter { jobs[$0].state.isTerminal }
      ends = []
      for job in present {
        let targets = jobs[job].ties.filter { $0.isOpen && round.contains($0.target) }.map(\.target)
        if !targets.isEmpty { ends += decide(job, targets) }
      }
      for job in present {
        for place in jobs[job].waits.indices where jobs[job].waits[place].waits(for: round) {
          jobs[job].waits[place].state = .satisfied
          resume(job)
        }
      }
    }
  }

  /// What becomes of a job when others that it is tied to have ended.
  ///
  /// - Returns: The job, if that has ended it.
  private mutating func decide(_ job: Int, _ targets: [Int]) -> [Int] {
    var mustBeCancelled = false
    for place in jobs[job].ties.indices where jobs[job].ties[place].isOpen {
      let tie = jobs[job].ties[place]
      guard targets.contains(tie.target) else { continue }
      let isGood = jobs[tie.target].state == .completed
      jobs[job].ties[place].outcome = jobs[tie.target].state
      jobs[job].ties[place].isOpen = !isGood && tie.policy == .hold
      if !isGood, tie.policy == .cancel { mustBeCancelled = true }
    }
    guard jobs[job].state == .blocked else { return [] }
    if mustBeCancelled {
      cancelAtOnce(job)
      return [job]
    }
    let open = jobs[job].ties.filter(\.isOpen)
    if open.isEmpty {
      release(job)
    } else {
      jobs[job].hold = open.contains { $0.outcome != nil } ? .dependencyDied : nil
    }
    return []
  }

  /// Lets a job run that waits for nothing any more.
  private mutating func release(_ job: Int) {
    jobs[job].state = jobs[job].runAt > now ? .scheduled : .ready
    jobs[job].runAt = max(jobs[job].runAt, now)
    jobs[job].hold = nil
  }

  /// Ends a job that does not run.
  private mutating func cancelAtOnce(_ job: Int) {
    jobs[job].state = .cancelled
    jobs[job].isCancelRequested = true
    jobs[job].hold = nil
    for place in jobs[job].ties.indices { jobs[job].ties[place].isOpen = false }
    if jobs[job].attempt > 0 { withdraw(job) }
    tell("cancelled", job)
  }

  /// Closes what a job that is over was waiting for.
  mutating func withdraw(_ job: Int) {
    for place in jobs[job].waits.indices where jobs[job].waits[place].state == .open {
      jobs[job].waits[place].state = .withdrawn
    }
    for place in jobs[job].questions.indices where jobs[job].questions[place].state == .pending {
      jobs[job].questions[place].state = .withdrawn
    }
  }

  mutating func resume(_ job: Int) {
    guard jobs[job].state == .waiting else { return }
    jobs[job].state = .ready
    jobs[job].runAt = now
  }
}

extension WalkModel.Wait {
  fileprivate func waits(for jobs: [Int]) -> Bool { state == .open && target.map(jobs.contains) == true }
}

// MARK: What people do

extension WalkModel {
  /// `false` if it was refused.
  mutating func cancel(_ job: Int) -> Bool {
    guard !jobs[job].state.isTerminal else { return false }
    guard jobs[job].state == .running else {
      cancelAtOnce(job)
      follow([job])
      return true
    }
    jobs[job].isCancelRequested = true
    return true
  }

  mutating func retry(_ job: Int, _ program: WalkProgram?) -> Bool {
    guard [.dead, .cancelled, .scheduled].contains(jobs[job].state) else { return false }
    if let program { jobs[job].program = program }
    if jobs[job].attempt > 0 { forgetFailures(of: job) }
    if jobs[job].state != .scheduled { (jobs[job].failures, jobs[job].crashes) = (0, 0) }
    jobs[job].state = .ready
    jobs[job].runAt = now
    jobs[job].isCancelRequested = false
    jobs[job].hold = nil
    return true
  }

  /// What was refused, ran out or was withdrawn is asked anew.
  private mutating func forgetFailures(of job: Int) {
    let errors = jobs[job].questions.filter { $0.type == .error }.map(\.key)
    for place in jobs[job].waits.indices where !jobs[job].waits[place].key.contains("~") {
      let wait = jobs[job].waits[place]
      let isFailed = [.timedOut, .withdrawn, .rejected].contains(wait.state)
      if isFailed || (wait.kind == .checkpoint && errors.contains(wait.key)) { jobs[job].waits[place].key += "~" }
    }
    for place in jobs[job].questions.indices where !jobs[job].questions[place].key.contains("~") {
      let question = jobs[job].questions[place]
      let isFailed = [.rejected, .expired, .withdrawn].contains(question.state)
      if isFailed || question.type == .error { jobs[job].questions[place].key += "~" }
    }
  }

  mutating func discard(_ job: Int) -> Bool {
    guard jobs[job].state.isTerminal else { return false }
    jobs[job].isGone = true
    return true
  }

  /// Lets a job that is on hold for a death go on.
  mutating func releaseHold(_ job: Int) -> Bool {
    guard jobs[job].hold == .dependencyDied else { return false }
    jobs[job].hold = nil
    for place in jobs[job].ties.indices where jobs[job].ties[place].outcome != nil {
      jobs[job].ties[place].isOpen = false
    }
    if !jobs[job].ties.contains(where: \.isOpen) { release(job) }
    return true
  }

  /// Takes back what the worker had in hand.
  mutating func lose(blamed: Set<Int> = []) {
    var ended: [Int] = []
    for job in present where jobs[job].state == .running {
      let isBlamed = blamed.contains(job)
      jobs[job].crashes += isBlamed ? 1 : 0
      note(job, isBlamed ? "crashed" : "lost")
      if jobs[job].isCancelRequested {
        jobs[job].state = .cancelled
      } else if isBlamed && jobs[job].crashes >= 3 {
        jobs[job].state = .dead
      } else {
        jobs[job].state = .scheduled
        let losses = jobs[job].attempts.count { $0.outcome == "lost" }
        if !isBlamed, losses > 10 { jobs[job].runAt = now + .seconds(min(60, 1 << min(6, losses - 10))) }
      }
      guard jobs[job].state.isTerminal else { continue }
      withdraw(job)
      tell(jobs[job].state.rawValue, job)
      ended.append(job)
    }
    follow(ended)
  }

  mutating func note(_ job: Int, _ outcome: String) {
    jobs[job].attempts.append(Attempt(number: jobs[job].attempt, outcome: outcome))
  }
}
