/// Names one job, everywhere and for ever.
///
/// Ids sort by the moment they were made (to the millisecond) and are made by the process that enqueues, so that
/// enqueueing the same job twice after a lost answer is harmless. In text: `job_` and 13 characters of Crockford's
/// base32, for example `job_01NB3V6Q8G001`.
public struct JobID: Hashable, Comparable, Sendable {
  /// 41 bits of milliseconds since 2024-01-01 UTC, 10 bits of node, 12 bits of sequence.
  public let rawValue: Int64

  /// Takes over an id from its number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Earlier ids come first.
  public static func < (left: JobID, right: JobID) -> Bool { left.rawValue < right.rawValue }

  /// When the id was made.
  package var createdAt: Timestamp { Identifier.timestamp(of: rawValue) }
}

extension JobID: LosslessStringConvertible {
  /// The id as text.
  public var description: String { Identifier.text(rawValue, prefix: "job") }

  /// Reads an id from text; `nil` if the text is not one.
  public init?(_ description: String) {
    guard let rawValue = Identifier.parse(description, prefix: "job") else { return nil }
    self.rawValue = rawValue
  }
}

extension JobID: Codable {
  /// Reads the id from its text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = JobID(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a job id (job_…)")
    }
    self = id
  }

  /// Writes the id as text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
