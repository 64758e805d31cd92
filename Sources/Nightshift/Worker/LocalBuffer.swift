import DequeModule

/// The jobs that a worker has claimed and not begun, and who may begin next. A value: the worker guards it.
struct LocalBuffer {
  /// About so much work is claimed ahead: enough to keep the slots busy while a claim is under way, and little enough
  /// that another worker is not kept from it.
  static let workAhead: Duration = .milliseconds(5)
  /// How long a suspect may wait for the other handlers to finish before it goes back to the queue.
  static let patience: Duration = .seconds(10)

  let concurrency: Int
  let limit: Int
  private(set) var jobs: Deque<ClaimedJob> = []
  /// Jobs that were running when their process died. Each is run with nothing beside it, so that, should the process
  /// die again, it is known which one did it.
  private(set) var suspects: Deque<ClaimedJob> = []
  private(set) var active = 0
  private(set) var isAlone = false
  /// Seconds; `nil` before the first attempt has ended. Until then nothing is claimed ahead: it may be long.
  private var meanRun: Double?
  private var runs = 0.0
  /// Jobs that have begun so far, and how many those were at the last look.
  private var begun = (now: 0, atLastLook: -1)
  /// Whether every slot is busy with something long: nothing is claimed ahead then.
  private var isStalled = false
  var suspectDeadline: Int64?

  init(concurrency: Int, limit: Int) {
    self.concurrency = concurrency
    self.limit = limit
  }

  var ids: [JobID] { jobs.map(\.id) + suspects.map(\.id) }
  var count: Int { jobs.count + suspects.count }
  var isEmpty: Bool { jobs.isEmpty && suspects.isEmpty }

  /// How many jobs should be claimed now: for each free slot one, and a little ahead when attempts are short.
  var room: Int {
    guard suspects.isEmpty, !isAlone else { return 0 }
    return max(0, concurrency - active + ahead - jobs.count)
  }

  private var ahead: Int {
    guard let meanRun, !isStalled else { return 0 }
    return min(limit, Int(Self.workAhead.seconds / max(meanRun, 1e-7) * Double(concurrency)))
  }

  /// How many jobs may begin now.
  var startable: Int {
    if isAlone { return 0 }
    guard suspects.isEmpty else { return active == 0 ? 1 : 0 }
    return min(jobs.count, concurrency - active)
  }

  /// Whether a quarter of what is claimed ahead is used up: soon enough for the next batch to arrive before this one is
  /// gone, and late enough for it to be a large one.
  var isLow: Bool { room * 3 > jobs.count }

  mutating func add(_ claimed: [ClaimedJob]) {
    for job in claimed {
      if job.crashes > 0 { suspects.append(job) } else { jobs.append(job) }
    }
  }

  /// The next job to begin, if one may; the caller runs it and then calls ``finished(after:)``.
  mutating func next() -> ClaimedJob? {
    guard !isAlone, active < concurrency else { return nil }
    if suspects.isEmpty {
      guard let job = jobs.popFirst() else { return nil }
      active += 1
      begun.now &+= 1
      return job
    }
    // Nothing new begins until the suspect has had its turn.
    guard active == 0, let job = suspects.popFirst() else { return nil }
    active = 1
    isAlone = true
    suspectDeadline = nil
    return job
  }

  mutating func finished(after time: Duration) {
    active -= 1
    isAlone = false
    isStalled = false
    // Less than nothing is a clock that was set back, and says nothing.
    guard time >= .zero else { return }
    // A mean over all attempts at first, and a moving one over the last thirty or so then.
    runs = min(runs + 1, 32)
    let former = meanRun ?? 0
    meanRun = former + (time.seconds - former) / runs
  }

  /// Called about once a second. The jobs that wait behind handlers of which none has ended since the last call: another
  /// worker may have room for them. They were claimed when attempts were short.
  mutating func removeStalled() -> [ClaimedJob] {
    defer { begun.atLastLook = begun.now }
    guard active == concurrency, begun.now == begun.atLastLook, !jobs.isEmpty else { return [] }
    isStalled = true
    defer { jobs.removeAll() }
    return Array(jobs)
  }

  mutating func removeAll() -> [ClaimedJob] {
    defer {
      jobs.removeAll()
      suspects.removeAll()
      suspectDeadline = nil
    }
    return Array(suspects) + Array(jobs)
  }

  mutating func removeSuspects() -> [ClaimedJob] {
    defer {
      suspects.removeAll()
      suspectDeadline = nil
    }
    return Array(suspects)
  }

  /// The job with this id, if it has not begun.
  mutating func remove(_ id: JobID) -> ClaimedJob? {
    if let index = jobs.firstIndex(where: { $0.id == id }) { return jobs.remove(at: index) }
    if let index = suspects.firstIndex(where: { $0.id == id }) { return suspects.remove(at: index) }
    return nil
  }
}
