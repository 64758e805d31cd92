/// What a reviewer says to a question.
package struct Verdict: Sendable, Hashable {
  package enum Answer: String, Sendable, CaseIterable { case approve, reject }

  /// For how much more the answer is to count.
  package struct Remember: Sendable, Hashable {
    package enum Scope: String, Sendable, CaseIterable {
      /// The same question of this job, about whatever data.
      case job
      /// The same question about the same data, of any job of the kind.
      case arguments
      /// The same question of any job of the kind, about whatever data.
      case kind
    }

    package var scope: Scope
    /// Until when; `nil` for as long as the job lives, or for good.
    package var until: Timestamp?

    package init(scope: Scope, until: Timestamp?) {
      self.scope = scope
      self.until = until
    }
  }

  package var answer: Answer
  package var comment: String?
  /// The data as the reviewer wants them; `nil` leaves them as they are.
  package var data: JSONValue?
  /// What is to be done, of an `error`'s choices.
  package var choice: String?
  package var remember: Remember?
  /// `api`, `cli`, `console`.
  package var via: String

  package init(
    _ answer: Answer, comment: String? = nil, data: JSONValue? = nil, choice: String? = nil, remember: Remember? = nil,
    via: String = "api"
  ) {
    self.answer = answer
    self.comment = comment
    self.data = data
    self.choice = choice
    self.remember = remember
    self.via = via
  }
}

extension JSONValue {
  /// Where this differs from `other`: a list of `{pointer, before, after}`, at most a hundred.
  package func changes(to other: JSONValue, at pointer: String = "#") -> [JSONValue] {
    if self == other { return [] }
    if let before = objectValue, let after = other.objectValue {
      var changes: [JSONValue] = []
      for name in Set(before.keys).union(after.keys).sorted() where changes.count < 100 {
        let place = "\(pointer)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
        switch (before[name], after[name]) {
        case (let old?, let new?): changes += old.changes(to: new, at: place)
        case (let old?, nil): changes.append(["pointer": .string(place), "before": old])
        case (nil, let new?): changes.append(["pointer": .string(place), "after": new])
        case (nil, nil): break
        }
      }
      return changes
    }
    if let before = arrayValue, let after = other.arrayValue, before.count == after.count {
      var changes: [JSONValue] = []
      for (index, (old, new)) in zip(before, after).enumerated() where changes.count < 100 {
        changes += old.changes(to: new, at: "\(pointer)/\(index)")
      }
      return changes
    }
    return [["pointer": .string(pointer), "before": self, "after": other]]
  }
}
