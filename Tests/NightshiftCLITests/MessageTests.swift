import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `A refusal by the API` {
  private func message(_ status: Int, _ body: JSONValue, path: String = "/api/jobs") -> String {
    let response = APIResponse(status: status, body: body.serialized())
    return ProblemDetails(response, path: path, tokenRemedy: "Do this.").failure.description
  }

  @Test(arguments: [
    ("#/kind", "kind"), ("#/payload", "payload"), ("#/payload/to/0", "payload.to.0"),
    ("#/payload/a~1b%20c", "payload.a/b c"),
    ("#/unique/key", "--unique"), ("#/debounce/quiet", "--debounce"), ("#/throttle/key", "--key"),
    ("#/until", "--until"),
    ("#/maxAttempts", "--max-attempts"), ("#/tags/3", "--tag"), ("#/runAt", "--at"),
    ("#/filter/state", "--state"), ("#/filter", "the filters"), ("#/expiresIn", "--expires"), ("#/role", "--role"),
  ])
  func `names arguments and not places in a request`(_ pointer: String, _ name: String) {
    #expect(ArgumentName.of(pointer: pointer) == name)
    let text = message(
      422,
      [
        "detail": "\(pointer) is wrong (and 1 more in `errors`)",
        "errors": [["pointer": .string(pointer), "detail": "is wrong"]],
      ])
    #expect(text == "\(name): is wrong")
  }

  @Test(arguments: [
    (
      "#/debounce", "says when the job is due: leave `runAt` and `delay` out",
      "--debounce: says when the job is due: leave --at and --in out"
    ),
    (
      "#/debounce/atMost", "must be at least as long as `quiet`, 30s; got 10s",
      "--at-most: must be at least as long as --debounce, 30s; got 10s"
    ),
    (
      "#/throttle", "with `excess: later` says when the job is due", "--throttle: with --later says when the job is due"
    ), ("#/jitter", "and `debounce` both say when", "--jitter: and --debounce both say when"),
    ("#/kind", "is unknown: did you mean `delay`?", "kind: is unknown: did you mean `delay`?"),
  ])
  func `names other fields as options too`(_ pointer: String, _ detail: String, _ text: String) {
    let faults: JSONValue = [["pointer": .string(pointer), "detail": .string(detail)]]
    #expect(message(422, ["detail": "x", "errors": faults]) == text)
  }

  @Test func `tells every fault in a line of its own`() {
    let faults: JSONValue = [["pointer": "#/queue", "detail": "is a"], ["parameter": "limit", "detail": "is b"]]
    #expect(message(422, ["detail": "x", "errors": faults]) == "--queue: is a\n--limit: is b")
  }

  @Test func `names the command that shows what there is, and not the request`() {
    let body: JSONValue = ["detail": "There is no queue \"x\".", "remedy": "`GET /api/queues` lists those there are."]
    #expect(
      message(404, body, path: "/api/queues/x/pause")
        == "There is no queue \"x\". `nightshift queues` lists those there are.")
    #expect(message(404, ["detail": "There is no job."], path: "/api/jobs/x") == "There is no job.")
  }

  @Test func `says what to do about the token, and where the log has more`() {
    #expect(message(401, ["detail": "send `Authorization: Bearer TOKEN`"]) == "Do this.")
    #expect(
      message(500, ["detail": "Something went wrong.", "requestId": "r1"])
        == "Something went wrong. The server's log has more of it (request r1).")
    #expect(message(502, .null) == "The server answered with status 502.")
  }
}

@Suite struct `A failure in one line` {
  @Test(arguments: [
    ("exit 64", "exited with 64", "exited with 64"), ("exit 3", "exited with 3: broken", "exited with 3: broken"),
    ("SIGKILL", "was ended by SIGKILL: somebody killed it", "was ended by SIGKILL: somebody killed it"),
    ("signal 34", "was ended by signal 34", "was ended by signal 34"),
    ("PermanentFailure", "It cannot be done.", "PermanentFailure: It cannot be done."),
    ("timeout", "took longer than 30s", "timeout: took longer than 30s"), ("Odd", "", "Odd"),
  ])
  func `says nothing twice`(_ type: String, _ message: String, _ text: String) {
    #expect(FailureText.of(["type": .string(type), "message": .string(message)]) == text)
  }

  @Test func `counts as people do`() {
    #expect(Count.text(1, "attempt") == "1 attempt")
    #expect(Count.text(0, "attempt") == "0 attempts")
    #expect(Count.text(2, "child", "children") == "2 children")
  }
}

@Suite struct `A job that is held` {
  @Test func `says why and what ends it`() throws {
    let job: JSONValue = [
      "id": "job_1", "kind": "a", "queue": "mail", "state": "ready", "hold": ["reason": "queuePaused"],
    ]
    let text = JobDetailText(job: job, isColored: false).lines().joined(separator: "\n")
    #expect(text.contains("waits         queue mail is paused (nightshift queues resume mail)"), "\(text)")
    let everything: JSONValue = [
      "hold": ["reason": "everythingPaused", "since": "A", "by": "ada", "until": "B", "detail": "upgrade"]
    ]
    #expect(HoldText(everything)?.long == "everything is paused since A by ada until B: upgrade (nightshift resume)")
    #expect(HoldText(["hold": ["reason": "noWorker"], "kind": "a"])?.short == "no worker has the kind")
    #expect(HoldText(["state": "ready"]) == nil)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A command that there is not`: Sendable {
  private let binary = Binary(folder: TemporaryFolder())

  @Test(arguments: [
    (["user", "list"], "Did you mean `nightshift users`?"),
    (["secrets", "get", "stripe"], "`nightshift secrets` has no `get`."),
    (["users", "show", "x"], "There is: "), (["frobnicate"], "`nightshift --help` lists them."),
  ])
  func `is named with what was meant`(_ arguments: [String], _ words: String) async throws {
    let result = try await binary.run(arguments)
    #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
  }

  @Test(arguments: [["tokens", "create", "ci", "--expires", "tomorrow"], ["profile", "watch", "k", "--p95", "fast"]])
  func `has a length of time that is written in another way says the rule`(_ arguments: [String]) async throws {
    let result = try await binary.run(arguments)
    #expect(result.status == 64 && result.errors.contains("such as 500ms, 30s or 1h30m"), "\(result.errors)")
  }

  @Test(arguments: [
    (["enqueue", "echo", "--delay", "5m"], "`nightshift enqueue` has no --delay: it is --in."),
    (["enqueue", "echo", "--runAt=2026-12-01T08:00:00Z"], "has no --runAt: it is --at."),
    (["schedules", "add", "a", "@daily", "k", "--organization", "o"], "has no --organization: it is --org."),
  ])
  func `has an option that is called as in the API is told its own`(_ arguments: [String], _ words: String) async throws
  {
    let result = try await binary.run(arguments)
    #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
  }

  @Test func `keeps from locking itself out, and says of what kind there is none`() async throws {
    let server = try await binary.serve()
    let refused = try await binary.run("tokens", "revoke", "admin")
    #expect(refused.status == 64 && refused.errors.contains("Revoke it?"), "\(refused.errors)")
    #expect(try await binary.run("tokens", "list").status == 0)
    let profile = try await binary.run("profile", "htp")
    #expect(profile.status == 1 && profile.errors.contains("Did you mean http?"), "\(profile.errors)")
    let last = try await binary.run("tokens", "revoke", "admin", "--yes")
    #expect(last.status == 1 && last.errors.contains("is the last admin token"), "\(last.errors)")
    #expect(try await binary.run("tokens", "create", "other", "--role", "admin").status == 0)
    #expect(try await binary.run("tokens", "revoke", "admin", "--yes").status == 0)
    _ = try await server.stop()
  }
}
