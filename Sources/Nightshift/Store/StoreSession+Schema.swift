extension StoreSession {
  /// Whether a step of the schema has been taken. Where many processes share a database a new version first runs on
  /// the old schema, and leaves alone what came with later steps.
  func hasTaken(_ step: Migration.Step) throws(StoreError) -> Bool {
    if takenSteps.contains(step) { return true }
    let rows = try query(
      "SELECT 1 FROM nightshift_migrations WHERE module = ? AND number = ?",
      [.text(step.module), .integer(Int64(step.number))])
    guard !rows.isEmpty else { return false }
    takenSteps.insert(step)
    return true
  }
}
