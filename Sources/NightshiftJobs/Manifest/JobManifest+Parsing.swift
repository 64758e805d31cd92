import Nightshift
import Yams

extension JobManifest {
  private static let keys = [
    "kind", "description", "command", "queue", "priority", "maxAttempts", "backoff", "timeout", "payload",
    "environment", "resources", "retention", "secrets",
  ]

  /// Reads a manifest.
  ///
  /// - Parameters:
  ///   - text: The contents of `job.yaml`.
  ///   - file: Its name for people, which stands before every problem.
  ///   - folder: The folder's name: the kind, unless the manifest says otherwise.
  /// - Throws: ``ManifestError`` with every mistake that was found.
  package init(parsing text: String, file: String, folder: String) throws(ManifestError) {
    var reader = ManifestReader(file: file)
    guard let root = try Self.compose(text, file: file) else {
      throw ManifestError([ManifestProblem(file: file, message: "the file is empty; `command` is required")])
    }
    let fields = reader.fields(of: root, named: "the manifest", known: Self.keys)

    let kind = reader.kind(fields["kind"], folder: folder, root: root)
    let command = reader.command(fields["command"], root: root)
    let options = reader.options(fields)
    let schema = reader.schema(fields["payload"])
    let environment = reader.environment(fields["environment"])
    let resources = reader.resources(fields["resources"])
    let secrets = reader.secrets(fields["secrets"])
    guard reader.problems.isEmpty, let kind, let command else {
      throw ManifestError(reader.problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
    self.init(
      kind: kind, options: options, command: command, schema: schema, environment: environment,
      resources: resources)
    self.secrets = secrets
  }

  /// The file's YAML; `nil` if it is empty.
  static func compose(_ text: String, file: String) throws(ManifestError) -> Node? {
    func fault(_ message: String, _ line: Int?) -> ManifestError {
      ManifestError([ManifestProblem(file: file, line: line, message: message)])
    }
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw fault("this is not YAML: \(error.problem.message)", error.problem.line)
    } catch {
      throw fault("this is not YAML: \(error)", nil)
    }
  }
}

extension YamlError {
  /// What is wrong and in which line, without the excerpt that the description adds.
  fileprivate var problem: (message: String, line: Int?) {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (problem, mark.line)
    case .duplicatedKeysInMapping(let duplicates, let context):
      ("\(duplicates.joined(separator: ", ")) is written twice", context.mark.line)
    case .reader(let problem, _, _, _): (problem, nil)
    default: ("\(self)", nil)
    }
  }
}
