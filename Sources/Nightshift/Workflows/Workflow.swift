internal import Foundation

/// Jobs tied by dependencies, to be enqueued together: all of them, or none.
///
/// ```swift
/// var report = Workflow("nightly report")
/// let fetch = try report.add(Fetch(day: today))
/// let charts = try (1...4).map { try report.add(Chart(number: $0), after: [fetch]) }
/// try report.add(Send(), after: charts, onDeath: .hold)
/// try report.callback(Tell(), when: .death)
/// let run = try await engine.enqueue(report)
/// ```
public struct Workflow: Sendable {
  /// A job of the workflow, to name it as what others wait for.
  public struct Node: Sendable, Hashable {
    /// Its name within the workflow.
    public let ref: String
  }

  /// When a workflow calls back.
  public enum Callback: String, Sendable, Hashable, Codable, CaseIterable {
    /// When all jobs have ended, however that was.
    case done
    /// When all jobs have completed; at the first that does not, the callback is cancelled.
    case success
    /// At the first job that dies; when none does, the callback is cancelled.
    case death
  }

  /// A workflow may have so many jobs.
  package static let mostJobs = 5_000

  /// What it is called, for people.
  public var name: String
  package private(set) var jobs: [JobDraft] = []
  package private(set) var callback: JobDraft?

  /// A workflow without jobs.
  public init(_ name: String) { self.name = name }

  package init(_ name: String, jobs: [JobDraft], callback: JobDraft?) {
    self.init(name)
    for job in jobs { append(job) }
    self.callback = callback
  }

  /// Adds a job.
  ///
  /// - Parameters:
  ///   - ref: Its name within the workflow; by default its kind, with a number where there are several.
  ///   - after: The jobs that it waits for. Their results are its ``JobContext/dependencies``.
  ///   - onDeath: What becomes of it when one of those dies or is cancelled.
  ///   - options: How it is to be run.
  /// - Throws: What encoding it throws.
  @discardableResult
  public mutating func add<Kind: Job>(
    _ job: Kind, as ref: String? = nil, after: [Node] = [], onDeath: DependencyDeath = .cancel,
    _ options: JobOptions = JobOptions()
  ) throws -> Node {
    var options = options
    options.dependsOn += after.map { .ref($0.ref) }
    options.onDeath = onDeath
    var draft = JobDraft(kind: Kind.kind, payload: [UInt8](try JSONEncoder().encode(job)), options: options)
    draft.ref = ref
    return append(draft)
  }

  /// Adds jobs of which each waits for the one before it.
  ///
  /// - Parameter after: The jobs that the first one waits for.
  /// - Returns: The jobs in their order.
  @discardableResult
  public mutating func chain<each Kind: Job>(_ jobs: repeat each Kind, after: [Node] = []) throws -> [Node] {
    var nodes: [Node] = []
    for job in repeat each jobs { nodes.append(try add(job, after: nodes.last.map { [$0] } ?? after)) }
    return nodes
  }

  /// Adds jobs of one type that may run side by side.
  @discardableResult
  public mutating func fanOut<Kind: Job>(_ jobs: [Kind], after: [Node] = []) throws -> [Node] {
    try jobs.map { try add($0, after: after) }
  }

  /// Sets the job that is run when all others have ended, or one has died. It is told of them by its
  /// ``JobContext/dependencies``.
  public mutating func callback<Kind: Job>(
    _ job: Kind, when: Callback = .done, _ options: JobOptions = JobOptions()
  ) throws {
    var draft = JobDraft(kind: Kind.kind, payload: [UInt8](try JSONEncoder().encode(job)), options: options)
    draft.callback = when
    callback = draft
  }

  @discardableResult
  private mutating func append(_ draft: JobDraft) -> Node {
    var draft = draft
    let ref = draft.ref ?? freeRef(String(draft.kind.rawValue.prefix(90)))
    draft.ref = ref
    jobs.append(draft)
    refs.insert(ref)
    return Node(ref: ref)
  }

  /// The names that are taken, and how often each was asked for.
  private var refs: Set<String> = []
  private var asked: [String: Int] = [:]

  private mutating func freeRef(_ base: String) -> String {
    while true {
      let count = asked[base, default: 0] + 1
      asked[base] = count
      let ref = count == 1 ? base : "\(base)-\(count)"
      if !refs.contains(ref) { return ref }
    }
  }

  /// All jobs, the callback last, which waits for all others.
  package var drafts: [JobDraft] {
    guard var callback else { return jobs }
    var copy = self
    callback.ref = copy.freeRef("callback")
    callback.options.dependsOn = jobs.compactMap { $0.ref.map(Dependency.ref) }
    return jobs + [callback]
  }
}

extension Workflow.Callback {
  var policy: NewDependency.Policy {
    switch self {
    case .done: .goOn
    case .success: .cancel
    case .death: .start
    }
  }
}

/// A workflow that is in the store.
public struct EnqueuedWorkflow: Sendable, Hashable {
  /// Names the workflow.
  public let id: WorkflowID
  /// Its jobs, by their names within it.
  public let jobs: [String: JobID]
}
