extension Actor {
  /// Makes jobs that somebody enqueues their own: they belong to the organization of whoever asks, and to itself unless
  /// it may and does name another owner.
  ///
  /// Whoever could choose the owner could pass for another when it is asked who has requested the job, and whoever could
  /// choose the organization could put work among another's.
  func claim(_ drafts: inout [JobDraft]) throws(SubmissionError) {
    var faults: [SubmissionError.Fault] = []
    for index in drafts.indices {
      let options = drafts[index].options
      if let owner = options.owner, role < .operator, !isCalled(owner) {
        let message =
          "must be \"\(id)\" or left out: only an operator or admin enqueues in another's name; got \"\(owner)\""
        faults.append(.init(index: index, pointer: "#/owner", message: message))
      }
      if let named = options.organization, let fault = faultOfNaming(named) {
        faults.append(.init(index: index, pointer: "#/organization", message: fault))
      }
      // A token is known by its name alone as well; what it enqueues is to be found as its own.
      let owner = options.owner.map { role < .operator && isCalled($0) ? id : $0 }
      drafts[index].options.owner = owner ?? (self == .system ? nil : id)
      drafts[index].options.organization = options.organization ?? organization
    }
    guard faults.isEmpty else { throw SubmissionError(faults: faults) }
  }

  /// Why it may not enqueue for an organization; `nil` if it may.
  private func faultOfNaming(_ named: String) -> String? {
    guard let organization else {
      guard role < .operator else { return nil }
      return "must be left out: \"\(id)\" belongs to none, and only an operator or admin enqueues for one; "
        + "got \"\(named.truncatedUTF8(to: 40))\""
    }
    guard named != organization else { return nil }
    return "must be \"\(organization)\" or left out: that is where \"\(id)\" belongs; "
      + "got \"\(named.truncatedUTF8(to: 40))\""
  }
}

extension Engine {
  /// Refuses what only the store can tell is wrong with jobs that somebody enqueues.
  func check(_ drafts: [JobDraft], by actor: Actor) async throws {
    guard actor != .system else { return }
    try await check(drafts, areOfOrganizationsThereAreFor: actor)
    try await check(drafts, lieWithin: actor.reach)
  }

  /// A slip of the pen would make jobs that nobody of the organization ever sees. Where there are no organizations the
  /// name is a free one, as for the program's own jobs; where somebody belongs, an identity provider may have said.
  private func check(_ drafts: [JobDraft], areOfOrganizationsThereAreFor actor: Actor) async throws {
    let named = Set(drafts.compactMap(\.options.organization)).subtracting(actor.organization.map { [$0] } ?? [])
    guard !named.isEmpty else { return }
    let (unknown, known) = try await store.read { transaction in try Organization.lookUp(named, transaction) }
    guard !unknown.isEmpty else { return }
    var faults: [SubmissionError.Fault] = []
    for (index, draft) in drafts.enumerated() {
      guard let name = draft.options.organization, unknown.contains(name) else { continue }
      let hint = Spelling.nearest(to: name, among: known).map { "did you mean \"\($0)\"? " } ?? ""
      let message =
        "must be one of the organizations there are, and there is no \"\(name.truncatedUTF8(to: 40))\": \(hint)"
        + "`nightshift organizations` lists them, and `nightshift organizations add` adds one"
      faults.append(.init(index: index, pointer: "#/organization", message: message))
    }
    throw SubmissionError(faults: faults)
  }

  /// Refuses jobs that wait for jobs beyond the reach of whoever enqueues them: their results would be handed to it.
  private func check(_ drafts: [JobDraft], lieWithin reach: Reach) async throws {
    guard !reach.isEverything else { return }
    var faults: [SubmissionError.Fault] = []
    for (index, draft) in drafts.enumerated() {
      for (place, dependency) in draft.options.dependsOn.enumerated() {
        guard case .job(let id) = dependency, try await !reaches(reach, id) else { continue }
        faults.append(.init(index: index, pointer: "#/dependsOn/\(place)", message: "names \(id), which is not there"))
      }
    }
    guard faults.isEmpty else { throw SubmissionError(faults: faults) }
  }
}
