extension StoreSession {
  /// Whether a step of the schema has been taken. Where many processes share a database a new version first runs on
  /// the old schema, and leaves alone what came with later steps.
  func hasTaken(_ step: Migration.Step) throws(StoreError) -> Bool {
    if takenSteps.contains(step) { return true }
    guard try hasTables(of: step) else { return false }
    takenSteps.insert(step)
    return true
  }
}
