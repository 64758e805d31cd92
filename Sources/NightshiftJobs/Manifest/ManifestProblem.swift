/// One mistake in a script job's manifest, and where it is.
package struct ManifestProblem: Sendable, Hashable {
  /// The file as people know it: `jobs/report/job.yaml`.
  package var file: String
  /// Counted from 1; `nil` when the file as a whole is meant.
  package var line: Int?
  /// What is wrong, and what would be right.
  package var message: String

  package init(file: String, line: Int? = nil, message: String) {
    self.file = file
    self.line = line
    self.message = message
  }
}

extension ManifestProblem: CustomStringConvertible {
  /// In the form that editors and terminals turn into a link: `jobs/report/job.yaml:3: …`.
  package var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(message)"
  }
}

/// Why a manifest was refused: every mistake that was found, so that one round of edits mends them all.
package struct ManifestError: Error, Sendable, CustomStringConvertible {
  package let problems: [ManifestProblem]

  package init(_ problems: [ManifestProblem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
