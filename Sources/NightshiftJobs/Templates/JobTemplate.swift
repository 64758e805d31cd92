/// A script job to begin with, in one language: it works as it is, and shows everything a script can say.
package enum JobTemplate: String, Sendable, CaseIterable {
  case bash, python, node, swift

  /// One file of a job's folder.
  package struct File: Sendable, Hashable {
    package var path: String
    package var contents: String
    package var isExecutable: Bool
  }

  /// What the job's folder holds: its manifest, its script, and a test of the script.
  ///
  /// - Parameter name: The folder's name, which is the job's kind.
  package func files(name: String) -> [File] {
    [File(path: "job.yaml", contents: manifest, isExecutable: false)]
      + scripts.map { file in
        File(
          path: file.path, contents: file.contents.replacing("JOB_NAME", with: name),
          isExecutable: file.isExecutable)
      }
  }

  /// How to run the job's own test, inside its folder.
  package var testCommand: [String] {
    switch self {
    case .bash, .swift: ["bash", "test.sh"]
    case .python: ["python3", "test_run.py"]
    case .node: ["node", "--test", "run.test.mjs"]
    }
  }

  private var command: String {
    switch self {
    case .bash, .swift: "[bash, run.sh]"
    case .python: "[python3, run.py]"
    case .node: "[node, run.mjs]"
    }
  }

  private var scripts: [File] {
    switch self {
    case .bash: BashTemplate.files
    case .python: PythonTemplate.files
    case .node: NodeTemplate.files
    case .swift: SwiftTemplate.files
    }
  }

  private var manifest: String {
    """
    # What is not written here has a default; only `command` must be there.
    description: Measures a folder and keeps the list of its largest files
    command: \(command)
    maxAttempts: 4
    backoff: [2s, 10s, 1m]
    timeout: 10m

    # What a payload must look like (JSON Schema). One that does not is refused when the job is enqueued.
    payload:
      type: object
      required: [path]
      additionalProperties: false
      properties:
        path:
          type: string
          minLength: 1
          description: The folder to measure
        largest:
          type: integer
          minimum: 1
          maximum: 100
          description: How many files the report lists (10)

    # Variables for the script, beside PATH, HOME, LANG, TMPDIR and NIGHTSHIFT_*. With ~ one of the
    # server's own is passed through, for secrets:
    #   API_TOKEN: ~
    environment:
      LC_ALL: C.UTF-8

    resources:
      memory: 2GiB
      cpu: 300

    """
  }
}
