/// How far an attempt has come with its steps and waits.
struct AttemptFlow {
  /// How often each name was used without a key of its own.
  private var occurrences: [String: Int] = [:]
  /// Names that are under way at the moment.
  private var active: Set<String> = []
  /// What the attempt has asked to wait for. With anything in it, it is parked, whatever its handler does.
  private(set) var waits: [WaitDraft] = []
  /// How calls went that circuit breakers watch, by their names.
  var calls: [String: CallCount] = [:]
  /// The tasks that have asked. Others, beside them, may still ask: several questions at a time are asked together.
  private var askers: Set<Int> = []
  /// The same of a script, which has one process and no tasks.
  var script = ScriptFlow()

  /// Takes a name into use.
  ///
  /// - Returns: The key under which its result or wait is kept.
  mutating func begin(_ name: String, key: String?) throws(FlowError) -> String {
    try StepName.check(name)
    if let key { try StepName.check(key) }
    let active = key.map { StepName.key(name, own: $0) } ?? name
    guard self.active.insert(active).inserted else {
      throw FlowError(
        "\"\(name)\" is under way already in this attempt: uses at the same time need a key of their own each (`key:`), "
          + "or their results could not be told apart.")
    }
    guard key == nil else { return active }
    occurrences[name, default: 0] += 1
    return StepName.key(name, occurrence: occurrences[name]!)
  }

  mutating func end(_ name: String, key: String?) { active.remove(key.map { StepName.key(name, own: $0) } ?? name) }

  /// Whether a task may go on: not once it has asked to wait.
  func mayGoOn(_ task: Int, asks: Bool) -> Bool { waits.isEmpty || (asks && !askers.contains(task)) }

  mutating func park(_ wait: WaitDraft, _ task: Int) {
    waits.append(wait)
    askers.insert(task)
  }

  /// Parks an attempt whose script has ended by saying that it waits.
  mutating func park(_ waits: [WaitDraft]) { self.waits += waits }

  /// Which task is running.
  static var task: Int { withUnsafeCurrentTask { $0?.hashValue ?? 0 } }
}
