internal import Foundation

/// The jobs that a job has waited for, as its handler sees them.
public struct Dependencies: Sendable {
  /// All of them, oldest first.
  public let all: [FinishedDependency]

  /// The one with this name within the batch or workflow.
  public subscript(_ ref: String) -> FinishedDependency? { all.first { $0.ref == ref } }

  /// The one with this id.
  public subscript(_ id: JobID) -> FinishedDependency? { all.first { $0.id == id } }
}

/// A job that another has waited for.
public struct FinishedDependency: Sendable {
  /// The job.
  public let id: JobID
  /// Its name within the batch or workflow; `nil` if it was given by its id.
  public let ref: String?
  /// How it ended. Of a callback's jobs some may not have ended, when another's death has called.
  public let state: JobState

  private let engine: Engine

  init(id: JobID, ref: String?, state: JobState, engine: Engine) {
    self.id = id
    self.ref = ref
    self.state = state
    self.engine = engine
  }

  /// What its handler returned, as JSON; `nil` if that was nothing, or it did not complete.
  public func resultJSON() async throws -> [UInt8]? { try await engine.result(of: id) }

  /// What its handler returned.
  ///
  /// - Throws: ``DependencyResultError`` if there is no result or it is of another type, ``StoreError`` if it could not
  ///   be read.
  public func result<Value: Decodable>(as type: Value.Type = Value.self) async throws -> Value {
    guard let bytes = try await resultJSON() else {
      throw DependencyResultError(
        "The dependency \(name) has no result: it is \(state.rawValue)"
          + (state == .completed ? " and its handler returned nothing, or it was pruned." : "."))
    }
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw DependencyResultError("The result of the dependency \(name) is no \(type): \(error)")
    }
  }

  private var name: String { ref.map { "\($0) (\(id))" } ?? "\(id)" }
}

/// Why the result of a dependency could not be had.
public struct DependencyResultError: Error, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension JobContext {
  /// The jobs that this one has waited for, with their results. Read from the store each time.
  public var dependencies: Dependencies {
    get async throws { Dependencies(all: try await engine.dependencies(of: id)) }
  }
}

extension Engine {
  fileprivate func dependencies(of id: JobID) async throws(StoreError) -> [FinishedDependency] {
    let rows = try await store.read { transaction in
      guard try Migration.hasWorkflows(transaction) else { return [SQLRow]() }
      return try transaction.query(
        """
        SELECT d.depends_on, d.ref, coalesce(d.outcome, j.state) FROM nightshift_dependencies d
        LEFT JOIN nightshift_jobs j ON j.id = d.depends_on WHERE d.job = ? ORDER BY d.depends_on
        """, [SQLValue(id)])
    }
    return rows.map { row in
      let state = row.integer(2).flatMap(JobState.init(code:)) ?? .completed
      return FinishedDependency(id: row.job(0)!, ref: row.text(1), state: state, engine: self)
    }
  }

  fileprivate func result(of id: JobID) async throws(StoreError) -> [UInt8]? {
    try await store.read { transaction in
      try transaction.query("SELECT result FROM nightshift_results WHERE id = ?", [SQLValue(id)]).first?.bytes(0)
    }
  }
}

extension JobContext {
  /// The results that are handed to a script are cut off at this size altogether.
  package static let mostDependencyBytes = 1 << 20

  /// What a script is told of the jobs that it has waited for: id, ref, state and result of each. Results beyond 1 MiB
  /// in all are left out, and said to be.
  package func dependenciesJSON() async throws -> JSONValue {
    var left = Self.mostDependencyBytes
    var items: [JSONValue] = []
    for dependency in try await dependencies.all {
      var fields: [String: JSONValue] = [
        "id": .string("\(dependency.id)"), "state": .string(dependency.state.rawValue),
      ]
      if let ref = dependency.ref { fields["ref"] = .string(ref) }
      if dependency.state == .completed, left > 0, let result = try await dependency.resultJSON() {
        if result.count <= left {
          left -= result.count
          // Results are written as JSON; what is none after all is handed over as text.
          fields["result"] = (try? JSONValue(parsing: result)) ?? .string(String(decoding: result, as: UTF8.self))
        } else {
          left = 0
        }
      }
      if dependency.state == .completed, left == 0, fields["result"] == nil { fields["resultOmitted"] = true }
      items.append(.object(fields))
    }
    return .array(items)
  }
}
