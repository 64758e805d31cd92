/// Why a move from one store to another was refused, or is not complete.
package struct StoreMoveError: Error, Sendable, CustomStringConvertible {
  /// What, and what to do about it.
  package let description: String

  private init(_ description: String) { self.description = description }
}

extension StoreMoveError {
  static func workersAlive(on role: String, _ names: [String], count: Int) -> StoreMoveError {
    let more = count > names.count ? " and \(count - names.count) more" : ""
    let what = "\(count == 1 ? "A process uses" : "\(count) processes use") the \(role): "
    return StoreMoveError(
      what + names.joined(separator: "; ") + more + ". Stop \(count == 1 ? "it" : "them") first, so that nothing "
        + "changes while it is moved.")
  }

  static func otherSchema(source: [String], target: [String]) -> StoreMoveError {
    let lists = [("source", source), ("target", target)].filter { !$0.1.isEmpty }
      .map { "only the \($0.0) has \($0.1.joined(separator: ", "))" }
    return StoreMoveError(
      "The schemas of the two databases differ: \(lists.joined(separator: "; ")). Bring the source up to date with "
        + "`nightshift db migrate`, and use the newest Nightshift.")
  }

  static func otherMove(from name: String) -> StoreMoveError {
    StoreMoveError(
      "The target holds an unfinished move from \(name). Finish that one, or use an empty database.")
  }

  static func targetInUse(table: String, rows: Int64) -> StoreMoveError {
    StoreMoveError(
      "The target is in use: \(table) has \(rows) \(rows == 1 ? "row" : "rows"). Moves go into an empty database only; "
        + "make one, and name it with --to.")
  }

  static var finishedElsewhere: StoreMoveError {
    StoreMoveError("Another process has finished this move, or removed the target's mark. Nothing is left to do here.")
  }

  static func different(_ source: StoreMove.Table, _ target: StoreMove.Table) -> StoreMoveError {
    let rows =
      source.rows == target.rows
      ? "both have \(source.rows) rows, with different contents"
      : "\(source.rows) rows in the source, \(target.rows) in the target"
    return StoreMoveError(
      "nightshift_\(source.name) is not the same on both sides: \(rows). If something has written to the source "
        + "meanwhile, stop it. Then make the target anew and repeat the move; the source is as it was.")
  }
}
