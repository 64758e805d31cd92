/// How far an attempt of a script has come with its steps and waits.
///
/// A script asks by lines and waits by its exit, so that what it asks parks nothing yet: it may ask more, keep files and
/// tell people things, and end in another way after all.
struct ScriptFlow {
  /// What it is to wait for, should it end by saying that it waits.
  private(set) var waits: [WaitDraft] = []
  private var keys: Set<String> = []
  /// What its earlier attempts still waited for when it was told what had come, by the names of the waits.
  var open: [String: Wait] = [:]
  /// The questions of whose end it was told.
  var told: Set<CheckpointID> = []
  /// `false` if there were more than it can be told of.
  var isToldOfAll = true
  /// What this attempt has asked, by the key: the digest of the data.
  private var asked: [String: String] = [:]
  /// How large the results of its steps are together.
  var keptBytes = 0

  /// `false` if the attempt has asked under this key already, about other data: only one of them could be answered.
  mutating func mayAsk(_ draft: CheckpointDraft) -> Bool {
    let digest = draft.digest
    let first = asked[draft.key] ?? digest
    asked[draft.key] = first
    return first == digest
  }

  /// Whether a question was decided after the script was told what had come.
  func isNews(_ checkpoint: Checkpoint, since start: Timestamp) -> Bool {
    !told.contains(checkpoint.id) && (isToldOfAll || checkpoint.decidedAt.map { $0 >= start } == true)
  }

  /// Asked for twice it is one wait.
  mutating func add(_ wait: WaitDraft) {
    if keys.insert(wait.key).inserted { waits.append(wait) }
  }

  /// The key of a wait that each attempt asks for anew: one that an earlier attempt has begun goes on, with its end, and
  /// whatever ends it meanwhile is found when the attempt is settled.
  func key(of name: String, attempt: Int, _ isSame: (Wait) -> Bool) -> String {
    if let wait = open[name], isSame(wait) { return wait.key }
    return StepName.key(name, attempt: attempt)
  }
}
