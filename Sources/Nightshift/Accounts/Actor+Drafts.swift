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
      if let organization, let named = options.organization, named != organization {
        let message = "must be \"\(organization)\" or left out: that is where \"\(id)\" belongs; got \"\(named)\""
        faults.append(.init(index: index, pointer: "#/organization", message: message))
      }
      drafts[index].options.owner = options.owner ?? (self == .system ? nil : id)
      drafts[index].options.organization = options.organization ?? organization
    }
    guard faults.isEmpty else { throw SubmissionError(faults: faults) }
  }
}

extension Engine {
  /// Refuses jobs that wait for jobs beyond the reach of whoever enqueues them: their results would be handed to it.
  func check(_ drafts: [JobDraft], lieWithin reach: Reach) async throws {
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
