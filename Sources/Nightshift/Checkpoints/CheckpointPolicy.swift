import Foundation

/// The rules of a question as they are stored.
struct CheckpointPolicy: Sendable, Codable, Hashable {
  struct Group: Sendable, Codable, Hashable {
    var users: [String]
    var roles: [String]
    var required: Int
    var excludesRequester: Bool

    /// Whether somebody belongs to it, by name or by role. With neither it is every approver, and whoever may do more.
    func allows(_ actor: Actor) -> Bool {
      if users.contains(where: actor.isCalled) { return true }
      if users.isEmpty, roles.isEmpty { return actor.role >= .approver }
      return roles.compactMap(Role.init(rawValue:)).contains { actor.role >= $0 }
    }

    init(_ reviewers: Reviewers) {
      users = reviewers.users
      roles = reviewers.roles
      required = max(1, reviewers.required)
      excludesRequester = reviewers.excludesRequester
    }
  }

  var reviewers: Group
  var escalateTo: Group
  var onExpiry: Expiry
  /// Microseconds after the question.
  var reminders: [Int64]
  /// Microseconds.
  var expires: Int64
  var isEditable: Bool
  var choices: [String]

  init(_ draft: CheckpointDraft) {
    let options = draft.options
    reviewers = Group(options.reviewers)
    escalateTo = Group(options.escalateTo)
    onExpiry = options.onExpiry
    reminders = options.reminders.map(\.microseconds).filter { $0 > 0 && $0 < options.expires.microseconds }.sorted()
    expires = options.expires.microseconds
    isEditable = options.isEditable
    choices = draft.choices
  }

  func encoded() throws(StoreError) -> String {
    do {
      return String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    } catch {
      throw StoreError(.invalid, "The rules of a checkpoint cannot be written.", cause: "\(error)")
    }
  }
}
