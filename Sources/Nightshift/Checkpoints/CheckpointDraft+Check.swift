extension CheckpointDraft {
  /// What is wrong with choices, of which each has to be told from the others.
  static func fault(in choices: [String]) -> String? {
    guard choices.count <= 50 else { return "must be at most 50; got \(choices.count)" }
    var seen: Set<String> = []
    for choice in choices {
      let isBlank = choice.allSatisfy(\.isWhitespace)
      guard !isBlank, choice.utf8.count <= 200 else {
        return "must have 1 to 200 bytes each, not only blanks; got \"\(choice.truncatedUTF8(to: 40))\""
      }
      guard seen.insert(choice).inserted else {
        return "must differ from each other; \"\(choice.truncatedUTF8(to: 40))\" is there twice"
      }
    }
    return nil
  }

  /// What is wrong with what is to happen while nobody answers: the field, and why.
  static func fault(inTimesOf options: CheckpointOptions) -> (field: String, reason: String)? {
    if let late = options.reminders.first(where: { $0 <= .zero || $0 >= options.expires }) {
      return (
        "reminders", "must come before the question expires, after \(options.expires.text); got \(late.text)"
      )
    }
    if options.onExpiry == .escalate, options.escalateTo.names == options.reviewers.names {
      return ("escalateTo", "must name others than those who are asked first: with `escalate` they are asked next")
    }
    return nil
  }

  /// - Throws: ``FlowError`` for what cannot be asked like this.
  func check() throws {
    guard (1...500).contains(title.utf8.count) else {
      throw FlowError("The title of the checkpoint \"\(key)\" must have 1 to 500 bytes.")
    }
    guard (data?.serialized().count ?? 0) + options.body.utf8.count <= StepRecord.limit else {
      throw FlowError("The data and body of the checkpoint \"\(key)\" have more than \(StepRecord.limit) bytes.")
    }
    if let fault = Self.fault(in: choices) { throw FlowError("The choices of the checkpoint \"\(key)\" \(fault).") }
    guard options.expires > .zero else {
      throw FlowError("The checkpoint \"\(key)\" must expire after a time of more than 0.")
    }
    if let fault = Self.fault(inTimesOf: options) {
      throw FlowError("The `\(fault.field)` of the checkpoint \"\(key)\" \(fault.reason).")
    }
    try checkData()
  }

  private func checkData() throws {
    guard let text = options.schema else { return }
    do {
      let schema = try PayloadSchema(JSONValue(parsing: text.utf8))
      guard let data = data, let fault = schema.faults(in: data, limit: 1).first else { return }
      throw FlowError("The data of the checkpoint \"\(key)\" do not fit its schema: \(fault)")
    } catch let error as FlowError {
      throw error
    } catch {
      throw FlowError("The schema of the checkpoint \"\(key)\" cannot be used: \(error)")
    }
  }
}

extension Reviewers {
  /// By whom it may be answered, as it is written; nobody stands for approvers.
  fileprivate var names: Set<String> {
    let roles = users.isEmpty && roles.isEmpty ? [Role.approver.rawValue] : roles
    return Set(users.map { "user \($0)" } + roles.map { "role \($0)" })
  }
}
