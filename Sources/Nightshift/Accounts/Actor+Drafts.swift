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
  /// Refuses jobs for organizations that are not there: a slip of the pen would make jobs that nobody of the organization
  /// ever sees. Where there are no organizations the name is a free one, as for the program's own jobs; where somebody
  /// belongs, an identity provider may have said.
  ///
  /// - Returns: What is to be kept there by the transaction that adds the jobs.
  func organizations(of drafts: [JobDraft], by actor: Actor) async throws -> NamedOrganizations {
    guard actor != .system else { return NamedOrganizations() }
    let names = Set(drafts.compactMap(\.options.organization))
    guard !names.isEmpty else { return NamedOrganizations() }
    let own = actor.organization.map { Set([$0]) } ?? []
    let others = names.subtracting(own)
    // Where everything is for the caller's own one, there is nothing to look up.
    let lookup = others.isEmpty ? .init() : try await store.read { try Organization.lookUp(others, $0) }
    guard lookup.unknown.isEmpty else {
      let faults = drafts.enumerated().compactMap { index, draft -> SubmissionError.Fault? in
        guard let name = draft.options.organization, lookup.unknown.contains(name) else { return nil }
        return .init(
          index: index, pointer: "#/organization", message: Organization.fault(of: name, among: lookup.all))
      }
      throw SubmissionError(faults: faults)
    }
    let kept = actor.isOfIdentityProvider ? [] : names.intersection(own)
    return NamedOrganizations(names, needed: lookup.known.union(kept))
  }

  /// The jobs that some drafts are to wait for and that lie beyond the reach of whoever enqueues them: their results would
  /// be handed to it. To the caller they are not there, and so it is told in the words for those that nobody has.
  func dependencies(of drafts: [JobDraft], beyond reach: Reach) async throws(StoreError) -> Set<JobID> {
    guard !reach.isEverything else { return [] }
    let ids = Set(drafts.flatMap(\.options.dependsOn).compactMap { if case .job(let id) = $0 { id } else { nil } })
    guard !ids.isEmpty else { return [] }
    return try await store.read { transaction in
      var hidden: Set<JobID> = []
      for id in ids where try !Self.reaches(reach, id, transaction) { hidden.insert(id) }
      return hidden
    }
  }
}
