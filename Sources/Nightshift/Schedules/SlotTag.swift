public import Foundation

/// The tags by which the jobs of a schedule and of a slot are found. Anybody may write such tags: what a job is the slot
/// of, the slot's row says.
enum SlotTag {
  private static let slot = "slot:"
  private static let schedule = "schedule:"

  static func tags(of schedule: String, slot: Timestamp?) -> [String] {
    [Self.schedule + schedule] + (slot.map { [Self.slot + ScheduledTime(at: $0).utc] } ?? [])
  }

  /// Where the slot's row has to be, if there is one.
  static func place(in tags: [String]) -> (schedule: String, at: Timestamp)? {
    let schedules = tags.filter { $0.hasPrefix(schedule) }.map { String($0.dropFirst(schedule.count)) }
    let slots = tags.filter { $0.hasPrefix(slot) }.compactMap { RFC3339.parse(String($0.dropFirst(slot.count))) }
    // The schedule's own come last, behind those that its definition asks for.
    guard let name = schedules.last, let moment = slots.last else { return nil }
    return (name, Timestamp(moment))
  }
}

extension ScheduledTime {
  /// A slot as it was stored.
  package init(at moment: Timestamp) { self.init(Int(moment.microseconds).dividedDown(by: 1_000_000)) }
}

extension JobContext {
  /// The time of the schedule's slot that the job was enqueued for; `nil` if no schedule did it, or a person ran the
  /// schedule by hand. A fork has the slot of the job that it was made of.
  ///
  /// It is the time that the schedule names, however late the job runs, and the same at each attempt: work on the day
  /// or the hour that it stands for, and not on the current one.
  ///
  /// - Throws: ``StoreError`` if it cannot be read.
  /// - Complexity: A look-up in the store for the jobs of schedules, nothing for others.
  public var slotTime: Date? {
    get async throws(StoreError) {
      guard let place = SlotTag.place(in: tags) else { return nil }
      let id = id
      return try await engine.store.read { transaction in
        let job = try transaction.query(
          "SELECT job FROM nightshift_slots WHERE schedule = ? AND at = ? AND outcome = 'enqueued'",
          [.text(place.schedule), SQLValue(place.at)]
        ).first?.job(0)
        guard let job, try transaction.isForked(id, from: job) else { return nil }
        return place.at.date
      }
    }
  }
}

extension ReadTransaction {
  /// Whether a job is another one, or was made of it by forks.
  fileprivate func isForked(_ job: JobID, from origin: JobID) throws(StoreError) -> Bool {
    var job = job
    for _ in 0..<100 where job != origin {
      guard try hasTables(of: Migration.waits.step),
        let next = try query("SELECT origin FROM nightshift_forks WHERE job = ?", [SQLValue(job)]).first?.job(0)
      else { return false }
      job = next
    }
    return job == origin
  }
}
