package import Nightshift

/// A document that people write in YAML and that is sent as JSON.
package enum YAMLDocument {
  /// A workflow of ten thousand jobs with a dozen fields each.
  private static let mostValues = 200_000

  /// - Throws: ``ManifestError`` with the line of what is wrong.
  package static func json(_ text: String, file: String) throws(ManifestError) -> JSONValue {
    guard let root = try JobManifest.compose(text, file: file) else {
      throw ManifestError([ManifestProblem(file: file, message: "the file is empty")])
    }
    var budget = mostValues
    do {
      return try root.json(budget: &budget)
    } catch {
      throw ManifestError([ManifestProblem(file: file, line: error.line, message: error.message)])
    }
  }
}
