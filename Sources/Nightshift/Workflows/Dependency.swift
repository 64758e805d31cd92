/// A job that another waits for.
public enum Dependency: Sendable, Hashable {
  /// A job that is there already.
  case job(JobID)
  /// A job of the same batch or workflow, by its ``JobDraft/ref``.
  case ref(String)

  /// Reads an id (`job_…`) or else a name within the batch.
  package init(_ text: String) { self = JobID(text).map(Dependency.job) ?? .ref(text) }
}

extension Dependency: CustomStringConvertible {
  /// The id or the name.
  public var description: String {
    switch self {
    case .job(let id): "\(id)"
    case .ref(let name): name
    }
  }
}

/// What becomes of a job when one that it depends on dies or is cancelled.
public enum DependencyDeath: String, Sendable, Codable, CaseIterable {
  /// It is cancelled, with a reason that names the other. Running the other again does not bring it back.
  case cancel
  /// It is put on hold: it goes on when the other is run again and completes, or when a person releases it.
  case hold
  /// It goes on as if the other had completed, and can see that it has not.
  case `continue`
}

extension DependencyDeath {
  var policy: NewDependency.Policy {
    switch self {
    case .cancel: .cancel
    case .hold: .hold
    case .continue: .goOn
    }
  }
}

/// The names that jobs have within a batch or workflow.
enum DependencyRef {
  static let rule = "1 to 100 of A–Z, a–z, 0–9, '.', '_' and '-', beginning with a letter or digit, and no id (job_…)"

  static func isValid(_ text: String) -> Bool {
    let bytes = text.utf8
    guard (1...100).contains(bytes.count), let first = bytes.first, isAlphanumeric(first) else { return false }
    // Whoever reads `dependsOn` could not tell it from an id.
    guard JobID(text) == nil else { return false }
    return bytes.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
