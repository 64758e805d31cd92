import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write(
      """
      command: [bash, echo.sh]
      """, to: "jobs/echo/job.yaml")
    try binary.folder.write(
      #"""
      read -r payload
      echo "hello from the script"
      # Twice, since what is said before somebody listens may be over by then.
      echo '{"$progress": 0.25}'; sleep 0.3; echo '{"$progress": 0.5}'
      echo "$payload"
      """#, to: "jobs/echo/echo.sh")
    try binary.folder.write("command: [bash, -c, 'echo no good >&2; exit 65']\n", to: "jobs/fail/job.yaml")
  }

  @Test func `wait for a job and print its result`() async throws {
    let server = try await binary.serve()
    let done = try await binary.run("enqueue", "echo", #"{"n": 7}"#, "--wait")
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.output == "{\"n\":7}\n")
    let dead = try await binary.run("enqueue", "fail", "--wait")
    #expect(dead.status == 1)
    #expect(dead.output.isEmpty)
    let followed = try await binary.run("enqueue", "echo", "{}", "--follow")
    #expect(followed.errors.contains("hello from the script"))
    #expect(followed.errors.contains("progress 50%"))
    let late = try await binary.run("enqueue", "echo", "--in", "1h", "--wait", "--wait-timeout", "200ms")
    #expect(late.status == 3)
    let id = try #require(late.errors.firstMatch(of: /job_[0-9A-Z]+/)).output
    #expect(try await binary.run("jobs", "cancel", String(id)).status == 0)
    #expect(try await binary.run("jobs", "show", String(id), "--json").json().text("state") == "cancelled")
    _ = try await server.stop()
  }

  @Test func `learn how a job ended while its server was stopping`() async throws {
    try binary.folder.write("command: [bash, slow.sh]\n", to: "jobs/slow/job.yaml")
    try binary.folder.write(#"echo begun; sleep 1; echo '{"n": 7}'"#, to: "jobs/slow/slow.sh")
    let server = try await binary.serve()
    let waiting = try binary.start(["enqueue", "slow", "--follow"])
    try await eventually { try waiting.log().contains("begun") }
    #expect(try await server.stop().status == 0)
    let result = try await waiting.end()
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "{\"n\":7}\n")
  }

  @Test func `print JSON that programs can read`() async throws {
    let server = try await binary.serve()
    _ = try await binary.run("enqueue", "echo", "--wait")
    for command in [
      "jobs", "kinds list", "queues list", "workers list", "tokens list", "config", "jobs list --state dead",
      "tokens create ci --role viewer", "queues pause default", "queues resume default", "workers stop all",
      "workers start all", "jobs discard --state completed --dry-run", "db check",
    ] {
      let result = try await binary.start(command.split(separator: " ").map(String.init) + ["--json"]).end()
      #expect(result.status == 0, "\(command): \(result.errors)")
      #expect(throws: Never.self, "\(command)") { _ = try result.json() }
    }
    _ = try await server.stop()
  }

  @Test func `show what waits for what, and let it go on`() async throws {
    let server = try await binary.serve()
    let dead = try await binary.run("enqueue", "fail", "--json").json().text("id")
    let next = try await binary.run("enqueue", "echo", "--after", dead, "--on-death", "hold", "--json").json().text(
      "id")
    try await eventually {
      try await binary.run("jobs", "show", next, "--json").json()["hold"]?["reason"] == "dependencyDied"
    }
    let shown = try await binary.run("jobs", "show", next).output
    #expect(shown.contains("after         \(dead) dead") && shown.contains("nightshift jobs release \(next)"))
    #expect(try await binary.run("jobs", "release", next).output == "Released \(next).\n")
    #expect(try await binary.run("jobs", "release", dead).errors.contains("Only a job that is on hold"))
    let wrong = try await binary.run("enqueue", "echo", "--after", "job_0000000000001")
    #expect(wrong.status != 0 && wrong.errors.contains("--after"), "\(wrong.errors)")
    #expect(try await binary.run("workflows").errors.contains("There are no workflows yet."))
    _ = try await server.stop()
    #expect(try await binary.run("workflows", "show", "wfl_0000000000001").errors.contains("There is no workflow"))
  }

  @Test func `work on the store when no server runs`() async throws {
    _ = try await binary.serve().stop()
    let enqueued = try await binary.run("enqueue", "echo", "--json")
    #expect(enqueued.status == 0, "\(enqueued.errors)")
    #expect(try enqueued.json().text("state") == "ready")
    let jobs = try await binary.run("jobs", "--json").json()
    #expect(jobs.items("jobs").count == 1)
    let refused = try await binary.run("enqueue", "ecko")
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("Error: kind: no worker has ever registered"), "\(refused.errors)")
    #expect(refused.errors.contains("did you mean `echo`?"), "\(refused.errors)")
  }

  @Test func `run a job in the foreground`() async throws {
    let done = try await binary.run("run", "echo", #"{"a": 1}"#)
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.output == "{\"a\":1}\n")
    #expect(done.errors.contains("hello from the script"))
    let dead = try await binary.run("job", "fail")
    #expect(dead.status == 1)
    #expect(dead.errors.contains("no good"))
  }

  @Test func `ask before they change many jobs, and refuse where nobody can answer`() async throws {
    _ = try await binary.serve().stop()
    for _ in 0..<3 { _ = try await binary.run("enqueue", "echo") }
    let refused = try await binary.run("jobs", "cancel", "--kind", "echo")
    #expect(refused.status == 64)
    #expect(refused.errors.contains("--yes") && refused.errors.contains("3 jobs"))
    let counted = try await binary.run("jobs", "cancel", "--kind", "echo", "--dry-run")
    #expect(counted.output.hasPrefix("3 jobs would be changed"))
    let changed = try await binary.run("jobs", "cancel", "--kind", "echo", "--yes")
    #expect(changed.output == "Cancelled 3 jobs.\n", "\(changed.errors)")
  }

  @Test func `never colour what is not shown on a terminal`() async throws {
    _ = try await binary.serve().stop()
    let result = try await binary.run("queues")
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test func `back the database up and restore it`() async throws {
    let server = try await binary.serve()
    _ = try await binary.run("enqueue", "echo", "--wait")
    let backup = try await binary.run("db", "backup", "copy.db")
    #expect(backup.status == 0, "\(backup.errors)")
    #expect(try await binary.run("db", "backup", "copy.db").status == 1)
    let refused = try await binary.run("db", "restore", "copy.db", "--yes")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("Process \(server.pid) uses the database"), "\(refused.errors)")
    _ = try await server.stop()
    _ = try await binary.run("jobs", "discard", "--state", "completed", "--yes")
    #expect(try await binary.run("jobs", "--json").json().items("jobs").isEmpty)
    let restored = try await binary.run("db", "restore", "copy.db", "--yes")
    #expect(restored.status == 0, "\(restored.errors)")
    #expect(restored.output.contains("replaced"))
    #expect(try await binary.run("jobs", "--json").json().items("jobs").count == 1)
    #expect(try await binary.run("db", "check").output.contains("is sound"))
  }

  @Test func `make a job from a template that runs`() async throws {
    let made = try await binary.run("create-job", "sizes", "--language", "bash")
    #expect(made.status == 0, "\(made.errors)")
    #expect(try await binary.run("create-job", "sizes").status == 1)
    let run = try await binary.run("run", "sizes", #"{"path": "."}"#)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `explain wrong usage`() async throws {
    #expect(try await binary.run("enqeue").status == 64)
    let nowhere = try await binary.run("jobs")
    #expect(nowhere.status == 1)
    #expect(nowhere.errors.contains("nightshift serve"))
    let json = try await binary.run("enqueue", "echo", "{oops")
    #expect(json.status == 64)
    #expect(json.errors.contains("no JSON"))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `print completions`(_ shell: String) async throws {
    let result = try await binary.run("completions", shell)
    #expect(result.status == 0)
    #expect(result.output.contains("enqueue"))
  }

  @Test(arguments: [
    ("nightshift jo", "jobs"), ("nightshift jobs --st", "--state"), ("nightshift jobs list --st", "--state"),
    ("nightshift jobs --state de", "dead"), ("nightshift enqueue x --on-conflict re", "replace"),
  ])
  func `are completed by bash`(_ typed: String, _ word: String) async throws {
    let words = typed.split(separator: " ")
    let line = """
      eval "$("$NIGHTSHIFT" completions bash)"
      COMP_WORDS=(\(typed)); COMP_CWORD=\(words.count - 1); COMP_LINE='\(typed)'; COMP_POINT=\(typed.count)
      complete=$(complete -p nightshift | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
      $complete nightshift \(words[words.count - 1]) \(words[words.count - 2])
      echo "${COMPREPLY[@]}"
      """
    let result = try await binary.shell("bash <<'END'\n\(line)\nEND")
    #expect(result.output.split(whereSeparator: \.isWhitespace).contains(Substring(word)), "\(result)")
  }

  @Test func `miss a data folder only where it holds the store`() {
    let missing = binary.folder.path + "/nowhere"
    func findings(_ folder: String?, holdsStore: Bool) -> [String] {
      MachineChecks.all(folder: folder, holdsStore: holdsStore, now: Date()).filter { !$0.isFine }.map(\.name)
    }
    #expect(findings(missing, holdsStore: true) == ["data folder"])
    #expect(findings(missing, holdsStore: false).isEmpty)
    #expect(findings(nil, holdsStore: true).isEmpty)
    #expect(chmod(binary.folder.path, 0o755) == 0)
    #expect(findings(binary.folder.path, holdsStore: false) == ["data folder"], "one that is there is to be private")
  }

  @Test func `find what is wrong`() async throws {
    let server = try await binary.serve()
    #expect(try await binary.run("doctor").status == 0)
    try binary.folder.write("command: [no-such-program]\n", to: "jobs/broken/job.yaml")
    try binary.folder.write("comand: [x]\n", to: "jobs/typo/job.yaml")
    let result = try await binary.run("doctor")
    #expect(result.status == 1)
    #expect(result.output.contains("no-such-program"))
    #expect(result.output.contains("jobs/typo/job.yaml:1"), "\(result.output)")
    _ = try await server.stop()
  }
}
