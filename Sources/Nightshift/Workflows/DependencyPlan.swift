/// Turns the `dependsOn` of a batch into ids, and finds what is wrong with it before anything is stored.
struct DependencyPlan {
  /// A job may wait for so many others.
  static let mostDependencies = 1_000
  /// And all jobs of one batch for so many together.
  static let mostEdges = 50_000

  private let drafts: [JobDraft]
  private var indexes: [String: Int] = [:]
  private(set) var faults: [SubmissionError.Fault] = []

  init(_ drafts: [JobDraft]) {
    self.drafts = drafts
    checkRefs()
    checkDependencies()
    if faults.isEmpty { checkCycles() }
  }

  /// Whether anything has to be looked at; nearly always not.
  static func isNeeded(_ drafts: [JobDraft]) -> Bool {
    drafts.contains { !$0.options.dependsOn.isEmpty || $0.ref != nil }
  }

  /// The jobs outside the batch that are waited for, with the first place that names each.
  var others: [JobID: SubmissionError.Fault] {
    var places: [JobID: SubmissionError.Fault] = [:]
    for (index, draft) in drafts.enumerated() {
      for (place, dependency) in draft.options.dependsOn.enumerated() {
        guard case .job(let id) = dependency, places[id] == nil else { continue }
        let message = "there is no job \(id): it may have been discarded, or pruned after its time"
        places[id] = fault(index, place, message)
      }
    }
    return places
  }

  /// What each job waits for, once its own id is known.
  func dependencies(of index: Int, _ records: [NewJob]) -> [NewDependency] {
    let draft = drafts[index]
    let policy = draft.callback?.policy ?? draft.options.onDeath.policy
    return draft.options.dependsOn.compactMap { dependency in
      switch dependency {
      case .job(let id): NewDependency(id, onDeath: policy)
      case .ref(let name): indexes[name].map { NewDependency(records[$0].id, ref: name, onDeath: policy) }
      }
    }
  }

  private mutating func checkRefs() {
    for (index, draft) in drafts.enumerated() {
      guard let ref = draft.ref else { continue }
      if !DependencyRef.isValid(ref) {
        let got = ref.truncatedUTF8(to: 40)
        faults.append(.init(index: index, pointer: "#/ref", message: "must be \(DependencyRef.rule); got \"\(got)\""))
      } else if let first = indexes[ref] {
        let message = "\"\(ref)\" is the name of job \(first) already: each needs its own"
        faults.append(.init(index: index, pointer: "#/ref", message: message))
      } else {
        indexes[ref] = index
      }
    }
  }

  private mutating func checkDependencies() {
    var edges = 0
    for (index, draft) in drafts.enumerated() {
      let dependencies = draft.options.dependsOn
      edges += dependencies.count
      // A callback waits for all jobs of its workflow, which has a limit of its own.
      if dependencies.count > Self.mostDependencies, draft.callback == nil {
        let message =
          "may name at most \(Self.mostDependencies) jobs; got \(dependencies.count). Let a job in between gather some"
        faults.append(.init(index: index, pointer: "#/dependsOn", message: message))
      }
      for (place, dependency) in dependencies.enumerated() {
        guard case .ref(let name) = dependency, indexes[name] == nil else { continue }
        faults.append(fault(index, place, unknown(name)))
      }
    }
    guard edges > Self.mostEdges else { return }
    let message = "has \(edges) dependencies in all; at most \(Self.mostEdges) are allowed in one request"
    faults.append(.init(index: 0, pointer: "#/dependsOn", message: message))
  }

  private func unknown(_ name: String) -> String {
    let shown = name.truncatedUTF8(to: 40)
    guard !indexes.isEmpty else {
      return "\"\(shown)\" is no id (job_…), and no job of this request has a `ref`"
    }
    let hint = Spelling.nearest(to: name, among: indexes.keys).map { "did you mean `\($0)`?" }
    return "\"\(shown)\" is no id (job_…) and no `ref` of this request; "
      + (hint ?? "known are \(indexes.keys.sorted().prefix(8).joined(separator: ", "))")
  }

  private mutating func checkCycles() {
    var graph: [String: [String]] = [:]
    for draft in drafts {
      guard let ref = draft.ref else { continue }
      graph[ref] = draft.options.dependsOn.compactMap { if case .ref(let name) = $0 { name } else { nil } }
    }
    guard let cycle = DependencyCycle.find(in: graph, from: drafts.compactMap(\.ref)),
      let index = indexes[cycle[0]]
    else { return }
    let place = drafts[index].options.dependsOn.firstIndex(of: .ref(cycle[1])) ?? 0
    faults.append(fault(index, place, "closes a cycle, in which no job could ever begin: \(Self.text(cycle))"))
  }

  /// A long cycle is shown by its ends.
  private static func text(_ cycle: [String]) -> String {
    let shown = cycle.count > 12 ? cycle.prefix(6) + ["…"] + cycle.suffix(5) : cycle[...]
    return shown.joined(separator: " → ")
  }

  private func fault(_ index: Int, _ place: Int, _ message: String) -> SubmissionError.Fault {
    SubmissionError.Fault(index: index, pointer: "#/dependsOn/\(place)", message: message)
  }
}

extension Engine {
  /// Gives the records what they wait for; tells what is wrong with it.
  ///
  /// - Parameter hidden: Jobs that are not there for whoever asks.
  func link(
    _ records: inout [NewJob], _ drafts: [JobDraft], hiding hidden: Set<JobID>
  ) async throws(StoreError) -> [SubmissionError.Fault] {
    guard DependencyPlan.isNeeded(drafts) else { return [] }
    let plan = DependencyPlan(drafts)
    var faults = plan.faults
    let others = plan.others
    if !others.isEmpty {
      let known = try await existing(Set(others.keys)).subtracting(hidden)
      faults += others.filter { !known.contains($0.key) }.map(\.value).sorted {
        ($0.index, $0.pointer) < ($1.index, $1.pointer)
      }
    }
    // Records are there for all drafts or, where something is wrong, for the first ones only.
    guard faults.isEmpty, records.count == drafts.count else { return faults }
    for index in records.indices { records[index].dependencies = plan.dependencies(of: index, records) }
    return []
  }

  private func existing(_ ids: Set<JobID>) async throws(StoreError) -> Set<JobID> {
    try await store.read { transaction in
      var known: Set<JobID> = []
      for list in SQLList.lists(of: ids.sorted()) {
        let rows = try transaction.query("SELECT id FROM nightshift_jobs WHERE id IN (\(list.marks))", list.values)
        known.formUnion(rows.compactMap { $0.job(0) })
      }
      return known
    }
  }
}
