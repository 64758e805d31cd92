import Nightshift
import Testing

@testable import NightshiftJobs

@Suite struct `A manifest` {
  private func parse(_ text: String, folder: String = "report") throws -> JobManifest {
    try JobManifest(parsing: text, file: "jobs/report/job.yaml", folder: folder)
  }

  private func problems(_ text: String, folder: String = "report") -> [String] {
    do {
      _ = try parse(text, folder: folder)
      return []
    } catch let error as ManifestError {
      return error.problems.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func `needs no more than a command`() throws {
    let manifest = try parse("command: [bash, run.sh]")

    #expect(manifest.kind == "report")
    #expect(manifest.command == ["bash", "run.sh"])
    #expect(manifest.options == KindOptions())
    #expect(manifest.resources == JobResources())
    #expect(manifest.schema == nil)
  }

  @Test func `names secrets, and none that would be in the same variable`() throws {
    #expect(try parse("command: [a]\nsecrets: [stripe, mail-password]").secrets == ["mail-password", "stripe"])
    #expect(
      problems("command: [a]\nsecrets: [a-b, a.b]") == [
        "jobs/report/job.yaml:2: the secrets \"a-b\" and \"a.b\" would both be in NIGHTSHIFT_SECRET_A_B"
      ])
    #expect(problems("command: [a]\nsecrets: [Stripe]").first?.contains("a name is 1 to 64 of") == true)
    #expect(problems("command: [a]\nenvironment: {NIGHTSHIFT_SECRET_A: b}").count == 1)
  }

  @Test func `says everything about a kind`() throws {
    let manifest = try parse(
      """
      kind: monthly-report
      description: Makes the report
      command:
        - python3
        - -u
        - 42
      queue: reports
      priority: low
      maxAttempts: 7
      backoff: {first: 5s, factor: 3, limit: 10m, jitter: 0}
      timeout: 1h30m
      payload: {type: object, required: [month], properties: {month: {type: integer, minimum: 1}}}
      environment: {REGION: eu, PORT: 8080, TOKEN: ~, EMPTY: ""}
      resources: {memory: 512MiB, cpu: 60, openFiles: 64, output: 1MiB}
      retention: {completed: 10, dead: 5}
      """)

    #expect(manifest.kind == "monthly-report")
    #expect(manifest.command == ["python3", "-u", "42"])
    #expect(manifest.options.queue == "reports")
    #expect(manifest.options.priority == .low)
    #expect(manifest.options.maxAttempts == 7)
    #expect(
      manifest.options.backoff
        == .exponential(first: .seconds(5), factor: 3, limit: .seconds(600), jitter: 0))
    #expect(manifest.options.timeout == .seconds(5400))
    #expect(manifest.options.retention == RetentionCounts(completed: 10, dead: 5))
    #expect(manifest.schema?.faults(in: ["month": 0]).first?.pointer == "#/month")
    #expect(
      manifest.environment
        == ["REGION": .text("eu"), "PORT": .text("8080"), "TOKEN": .passedThrough, "EMPTY": .text("")])
    #expect(manifest.resources == JobResources(memory: 512 << 20, cpu: 60, openFiles: 64, output: 1 << 20))
  }

  @Test func `takes a list of waits for a backoff`() throws {
    let manifest = try parse("command: [true]\nbackoff: [5s, 1m]")

    #expect(manifest.options.backoff == .fixed(.seconds(5), .seconds(60)))
  }

  /// A manifest with one mistake, and what is said about it.
  struct Mistake: CustomTestStringConvertible {
    var name: String
    var line: Int
    var text: String
    var says: String

    var testDescription: String { name }
  }

  static let mistakes = [
    Mistake(
      name: "unknown key", line: 2, text: "command: [a]\nqeue: mail",
      says: "unknown key `qeue` in the manifest: did you mean `queue`?"),
    Mistake(name: "no command", line: 1, text: "queue: mail", says: "`command` is missing"),
    Mistake(name: "command as text", line: 1, text: "command: bash run.sh", says: "`command` must be a list"),
    Mistake(name: "empty command", line: 1, text: "command: []", says: "with at least one"),
    Mistake(name: "nested command", line: 2, text: "command:\n  - [a]", says: "`command` must be text"),
    Mistake(
      name: "bad kind", line: 2, text: "command: [a]\nkind: My Report",
      says: "`kind` is \"My Report\": it must be 1 to 100"),
    Mistake(name: "bad queue", line: 2, text: "command: [a]\nqueue: -x", says: "`queue` is \"-x\""),
    Mistake(
      name: "bad priority", line: 3, text: "command: [a]\n\npriority: urgent",
      says: "one of critical, high, normal, low"),
    Mistake(
      name: "no attempts", line: 2, text: "command: [a]\nmaxAttempts: 0",
      says: "whole number from 1 to 1000"),
    Mistake(
      name: "attempts as text", line: 2, text: "command: [a]\nmaxAttempts: \"3\"", says: "whole number"),
    Mistake(
      name: "timeout without unit", line: 2, text: "command: [a]\ntimeout: 30",
      says: "`timeout` must be a length of time such as"),
    Mistake(name: "no timeout", line: 2, text: "command: [a]\ntimeout: 0s", says: "more than nothing"),
    Mistake(
      name: "bad wait", line: 4, text: "command: [a]\nbackoff:\n  - 1s\n  - soon",
      says: "`backoff` must be a length of time"),
    Mistake(
      name: "backoff as text", line: 2, text: "command: [a]\nbackoff: 5s",
      says: "`backoff` must be a list of waits"),
    Mistake(
      name: "unknown backoff", line: 3, text: "command: [a]\nbackoff:\n  frist: 1s",
      says: "did you mean `first`?"),
    Mistake(
      name: "shrinking backoff", line: 2, text: "command: [a]\nbackoff: {factor: 0.5}",
      says: "number from 1.0 to 100.0"),
    Mistake(
      name: "unknown resource", line: 3, text: "command: [a]\nresources:\n  ram: 1GiB",
      says: "unknown key `ram` in `resources`"),
    Mistake(
      name: "bad memory", line: 2, text: "command: [a]\nresources: {memory: 1GB}",
      says: "`memory` must be a number of bytes such as 65536, 64KiB"),
    Mistake(
      name: "tiny memory", line: 2, text: "command: [a]\nresources: {memory: 1KiB}",
      says: "from 16MiB to 1TiB"),
    Mistake(
      name: "environment as list", line: 2, text: "command: [a]\nenvironment: [A]",
      says: "`environment` must be a map"),
    Mistake(
      name: "nested variable", line: 3, text: "command: [a]\nenvironment:\n  A: [b]",
      says: "`A` must be text, or ~"),
    Mistake(name: "bad variable", line: 3, text: "command: [a]\nenvironment:\n  A-B: c", says: "got \"A-B\""),
    Mistake(
      name: "our variable", line: 3, text: "command: [a]\nenvironment:\n  NIGHTSHIFT_WORKER: x",
      says: "cannot be changed"),
    Mistake(
      name: "bad schema", line: 5,
      text: "command: [a]\npayload:\n  properties:\n    month:\n      minimum: one",
      says: "`payload` is not a JSON schema: #/properties/month/minimum"),
    Mistake(name: "broken YAML", line: 2, text: "command: [a]\n  queue: b", says: "this is not YAML"),
    Mistake(name: "a key twice", line: 1, text: "command: [a]\ncommand: [b]", says: "written twice"),
    Mistake(name: "a list", line: 1, text: "- a", says: "the manifest must be a map"),
  ]

  @Test(arguments: mistakes)
  func `names the line of a mistake`(_ mistake: Mistake) throws {
    let problem = try #require(problems(mistake.text).first)

    #expect(problem.hasPrefix("jobs/report/job.yaml:\(mistake.line): "), "\(problem)")
    #expect(problem.contains(mistake.says), "\(problem)")
  }

  @Test func `reports all its mistakes at once`() {
    #expect(problems("queue: A\npriority: B\ntimeout: C").count == 4)
  }

  @Test func `cannot take its kind from any folder`() {
    #expect(
      problems("command: [a]", folder: "My Job").first?.contains("the folder's name, \"My Job\"") == true)
  }

  @Test func `does not unfold aliases without end`() {
    let levels = (1...9).map {
      "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ","))]"
    }
    let text = "command: [a]\npayload:\n  l0: &l0 [a]\n" + levels.map { "  \($0)\n" }.joined()

    #expect(problems(text).first?.contains("too many values") == true)
  }
}
