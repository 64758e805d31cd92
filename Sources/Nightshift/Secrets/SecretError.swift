/// Why a secret could not be had or kept.
public struct SecretError: Error, Sendable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    /// A name or a value is not allowed.
    case invalid(field: String)
    /// There is none of this name.
    case missing
    /// This process has no master key.
    case noKey
    /// It has another one than the value needs.
    case wrongKey
    /// What was given as a master key is none.
    case badKey
    /// The value in the database is not what was written.
    case damaged
  }

  package let reason: Reason
  /// What is wrong and what would be right; never a part of a value.
  public let description: String

  package init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }

  static func missing(_ name: String) -> SecretError {
    SecretError(
      .missing, "There is no secret \"\(name.truncatedUTF8(to: 100))\". Set it: nightshift secrets set NAME")
  }

  static let noKey = SecretError(
    .noKey,
    "This process has no master key: set NIGHTSHIFT_MASTER_KEY, or name a file with NIGHTSHIFT_MASTER_KEY_FILE.")

  static func wrongKey(_ name: String, needs id: String, has: [MasterKey]) -> SecretError {
    SecretError(
      .wrongKey,
      "The secret \"\(name)\" was encrypted with the master key \(id); this process has "
        + (has.isEmpty ? "none" : has.map(\.id).joined(separator: ", "))
        + ". Give it that key (NIGHTSHIFT_MASTER_KEY or NIGHTSHIFT_MASTER_KEY_FILE), or set the secret anew.")
  }
}
