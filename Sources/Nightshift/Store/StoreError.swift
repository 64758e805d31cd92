/// What a store throws.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  /// What went wrong, for the program.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code as text.
    public let description: String

    /// The store cannot be reached just now. Whether the last write landed is unknown; it is safe to try again.
    public static let unavailable = Code(description: "unavailable")
    /// Too many writes are waiting. Nothing was written; try again later.
    public static let overloaded = Code(description: "overloaded")
    /// No space is left. Nothing was written.
    public static let full = Code(description: "full")
    /// The database may not be written to. Nothing was written.
    public static let readOnly = Code(description: "readOnly")
    /// The database's file is damaged.
    public static let corrupt = Code(description: "corrupt")
    /// The database was made by a newer Nightshift, or not yet migrated.
    public static let wrongVersion = Code(description: "wrongVersion")
    /// The id, key or row is there already with other contents.
    public static let conflict = Code(description: "conflict")
    /// What was to be written needs something that others have taken away meanwhile. Nothing was written.
    public static let overtaken = Code(description: "overtaken")
    /// The worker's lease is over: its row was reaped.
    public static let leaseLost = Code(description: "leaseLost")
    /// The statement or its arguments are wrong: a defect of Nightshift or of a feature.
    public static let invalid = Code(description: "invalid")
  }

  /// What went wrong, for the program.
  public let code: Code
  /// What went wrong and what to do about it, for people.
  public let message: String
  /// The database's own words.
  public let cause: String?

  package init(_ code: Code, _ message: String, cause: String? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message, then the cause.
  public var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
