import Foundation
import Logging
import Nightshift
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `A script` {
  @Test func `gets its payload on one line and gives its result on the last`() async throws {
    let script = try ScriptFixture(
      """
      read -r line
      echo working
      echo '{"first": true}'
      echo "{\\"got\\": $line}"
      echo done
      """)

    let result = try await script.run("{\n\"a\":\r\n1}")

    #expect(try JSONValue(parsing: try #require(result).utf8) == ["got": ["a": 1]])
    // A line that might have been the result is log once another one comes.
    #expect(script.reporter.messages == ["working", #"{"first": true}"#, "done"])
  }

  @Test func `speaks of its progress and keeps artifacts`() async throws {
    let script = try ScriptFixture(
      """
      echo '{"$progress": 0.5, "message": "half"}'
      echo '{"$log": "careful", "level": "warning"}'
      echo hello >report.html
      echo temporary >"$TMPDIR/notes.txt"
      echo '{"$artifact": "report.html"}'
      echo '{"$artifact": "notes.txt", "type": "text/x-notes"}'
      echo "{\\"\\$artifact\\": \\"$TMPDIR/notes.txt\\"}"
      echo oops >&2
      """)

    #expect(try await script.run() == nil)
    #expect(script.reporter.progress == [.init(fraction: 0.5, message: "half")])
    #expect(script.reporter.lines.contains(.init(message: "careful", level: .warning)))
    #expect(script.reporter.lines.contains(.init(message: "oops", level: .warning)))
    #expect(
      script.reporter.artifacts == [
        .init(name: "report.html", type: "text/html", text: "hello\n"),
        .init(name: "notes.txt", type: "text/x-notes", text: "temporary\n"),
        .init(name: "notes.txt", type: "text/plain", text: "temporary\n"),
      ])
  }

  static let refused = [
    "../secret.txt", "/etc/hostname", "link.txt", "linked/secret.txt", "folder", "below/../../secret.txt",
  ]

  @Test(arguments: refused)
  func `cannot keep what lies outside its folders`(_ path: String) async throws {
    let script = try ScriptFixture(
      """
      echo secret >../secret.txt
      ln -s ../secret.txt link.txt
      ln -s .. linked
      mkdir folder below
      echo '{"$artifact": "\(path)"}'
      sleep 30
      """)

    let (isPermanent, failure) = try await script.failure()

    #expect(isPermanent)
    #expect(failure.message.contains("the artifact \"\(path)\" is refused"))
    #expect(script.reporter.artifacts.isEmpty)
  }

  @Test func `fails when an artifact is not there`() async throws {
    let script = try ScriptFixture(#"echo '{"$artifact": "nothing.txt"}'"#)

    let (isPermanent, failure) = try await script.failure()

    #expect(!isPermanent)
    #expect(failure.message.contains("no artifact \"nothing.txt\""))
  }

  @Test func `finds only the variables it should`() async throws {
    var script = try ScriptFixture(
      "env | cut -d= -f1 | sort | grep -v -e ^_ -e PWD -e SHLVL -e OLDPWD | tr '\\n' ' '")
    script.variables = ["REGION": .text("eu"), "SECRET_TOKEN": .passedThrough, "UNSET": .passedThrough]
    script.inherited["SECRET_TOKEN"] = "x"

    _ = try await script.run()

    #expect(
      script.reporter.messages == [
        "HOME LANG NIGHTSHIFT_ATTEMPT NIGHTSHIFT_CONTEXT NIGHTSHIFT_JOB_ID NIGHTSHIFT_KIND NIGHTSHIFT_QUEUE "
          + "NIGHTSHIFT_RUN NIGHTSHIFT_URL NIGHTSHIFT_WORKER PATH REGION SECRET_TOKEN TMPDIR TRACEPARENT "
      ])
  }

  @Test func `is told about its attempt in a file`() async throws {
    let script = try ScriptFixture(#"cat "$NIGHTSHIFT_CONTEXT""#)

    let context = try JSONValue(parsing: try #require(try await script.run()).utf8)

    #expect(
      context == [
        "id": "job_0000000000001", "kind": "sample", "queue": "mail", "attempt": 2, "failures": 1,
        "maxAttempts": 3, "deadline": "2026-01-01T12:00:00.000Z", "tags": ["a"], "traceparent": "00-1-2-01",
        "dependencies": [],
        "slot": nil,
      ])
  }

  @Test func `runs in its folder and leaves nothing in its temporary one`() async throws {
    let script = try ScriptFixture(
      """
      pwd
      echo "$TMPDIR"
      mkdir -p "$TMPDIR/a/b"
      touch "$TMPDIR/a/b/c"
      """)

    _ = try await script.run()

    #expect(script.reporter.messages.first == script.jobFolder)
    let temporary = try #require(script.reporter.messages.last)
    #expect(temporary.hasPrefix(script.folder.path))
    #expect(!FileManager.default.fileExists(atPath: temporary))
  }

  @Test(arguments: [64, 70, 78, 126, 127])
  func `gives up for good by its exit code`(_ code: Int) async throws {
    let (isPermanent, failure) = try await ScriptFixture("echo why >&2; exit \(code)").failure()

    #expect(isPermanent)
    #expect(failure.type == "exit \(code)")
    #expect(failure.message.hasPrefix("exited with \(code)"))
    #expect(failure.message.hasSuffix(": why"))
    #expect(failure.detail == "why\n")
  }

  @Test(arguments: [1, 3, 63, 79, 255])
  func `is tried again after any other exit code`(_ code: Int) async throws {
    let (isPermanent, failure) = try await ScriptFixture("exit \(code)").failure()

    #expect(!isPermanent)
    #expect(failure.message == "exited with \(code)")
    #expect(failure.detail == nil)
  }

  @Test(arguments: [("exit 75", 60), (#"echo '{"$retryAfter": "5m"}'; exit 75"#, 300)])
  func `comes back later when it says so`(_ text: String, _ seconds: Int) async throws {
    let snooze = await #expect(throws: Snooze.self) { try await ScriptFixture(text).run() }

    #expect(snooze?.runAt == .in(.seconds(seconds)))
  }

  @Test func `that was ended by a signal is tried again`() async throws {
    let (isPermanent, failure) = try await ScriptFixture("kill -SEGV $$").failure()

    #expect(!isPermanent)
    #expect(failure.type == "SIGSEGV")
    #expect(
      failure.message.contains("was ended by SIGSEGV: it crashed, perhaps for want of memory (limit 4GiB)"))
  }

  @Test func `whose program was ended by a signal says which`() async throws {
    let (_, failure) = try await ScriptFixture("bash -c 'kill -9 $$'; exit $?").failure()

    #expect(failure.message.contains("exited with 137 (a program it ran was ended by SIGKILL)"))
  }

  @Test func `that cannot be found says where it was looked for`() async throws {
    var script = try ScriptFixture("")
    script.command = ["no-such-program"]
    script.inherited["PATH"] = "/usr/bin:/bin"

    let (isPermanent, failure) = try await script.failure()

    #expect(isPermanent)
    #expect(failure.message == "command not found: no-such-program, looked in PATH /usr/bin:/bin")
  }

  @Test func `that may not be executed says so`() async throws {
    var script = try ScriptFixture("exit 0")
    script.command = ["./run.sh"]

    let (isPermanent, failure) = try await script.failure()

    #expect(isPermanent)
    #expect(failure.message.contains("cannot be executed (chmod +x?)"))
  }

  @Test func `whose interpreter is missing says so`() async throws {
    var script = try ScriptFixture("#!/no/such/interpreter\n")
    script.command = ["./run.sh"]
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(script.jobFolder)/run.sh")

    #expect(try await script.failure().failure.message.contains("first line (#!)"))
  }

  @Test func `need not read its payload`() async throws {
    let payload = "\"\(String(repeating: "x", count: 1 << 20))\""

    #expect(try await ScriptFixture("exec 0<&-; echo '{}'").run(payload) == "{}")
  }

  @Test func `may read and write much at the same time`() async throws {
    let payload = "[\"\(String(repeating: "x", count: 900_000))\"]"

    #expect(
      try await ScriptFixture("cat; cat /dev/zero | head -c 300000 | tr '\\0' '\\n' >&2").run(payload)
        == payload)
  }

  @Test func `may write lines that never end`() async throws {
    let script = try ScriptFixture("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo '{\"ok\": true}'")

    #expect(try await script.run() == #"{"ok": true}"#)
    #expect(script.reporter.messages.first?.hasSuffix("… (a line of 3000000 bytes, cut)") == true)
  }

  @Test func `cannot give a result that is too long`() async throws {
    let script = try ScriptFixture("printf '{\"a\": \"'; head -c 2000000 /dev/zero | tr '\\0' x; echo '\"}'")

    let (isPermanent, failure) = try await script.failure()

    #expect(isPermanent)
    #expect(failure.message.contains("its result is longer than 1MiB"))
  }

  @Test func `is stopped when it writes too much`() async throws {
    var script = try ScriptFixture("yes")
    script.resources.output = 100_000

    let (isPermanent, failure) = try await script.failure()

    #expect(isPermanent)
    #expect(failure.type == "output")
    #expect(script.reporter.lines.count <= 50_000)
  }

  @Test func `is stopped when it uses too much processor time`() async throws {
    var script = try ScriptFixture("while :; do :; done")
    script.resources.cpu = 1

    let (isPermanent, failure) = try await script.failure()

    #expect(!isPermanent)
    #expect(failure.type == "SIGXCPU")
    #expect(failure.message.contains("used up its processor time (1 s)"))
  }

  @Test func `cannot take more memory than it may`() async throws {
    var script = try ScriptFixture("")
    script.command = ["python3", "-c", "print(len(bytearray(300 << 20)))"]
    script.resources.memory = 128 << 20

    #expect(try await script.failure().failure.message.contains("MemoryError"))
  }

  @Test func `cannot open more files than it may`() async throws {
    var script = try ScriptFixture("ulimit -n; ulimit -c")
    script.resources.openFiles = 33

    _ = try await script.run()

    #expect(script.reporter.messages == ["33", "0"])
  }

  @Test func `inherits no open files and no blocked signals`() async throws {
    let script = try ScriptFixture(
      "ls /proc/self/fd | tr '\\n' ' '; grep -e SigBlk -e SigIgn /proc/self/status")

    _ = try await script.run()

    #expect(script.reporter.messages.first?.hasPrefix("0 1 2 3 SigBlk:\t0000000000000000") == true)
    #expect(script.reporter.messages.last == "SigIgn:\t0000000000000000")
  }
}
