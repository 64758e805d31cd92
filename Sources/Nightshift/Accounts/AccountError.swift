/// Why something about accounts was refused. Nothing was changed.
package struct AccountError: Error, Sendable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    /// A field is wrong.
    case invalid(field: String)
    case missing
    case conflict
    /// It would give away more than whoever asks has.
    case forbidden
    /// Name or password are wrong, or the account is disabled: which one, strangers are not told.
    case wrongPassword
    /// Too many attempts have failed.
    case locked(until: Timestamp)
    case overloaded
  }

  package let reason: Reason
  /// What is wrong and what would be right.
  package let description: String

  init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}
