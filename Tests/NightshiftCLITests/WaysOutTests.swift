import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

/// What people are told when something is in their way, tried with the built binary.
@Suite(.timeLimit(.minutes(3))) struct `The ways out` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, 'cat']\n", to: "jobs/echo/job.yaml")
    try binary.folder.write("command: [bash, -c, 'echo begun; sleep 30']\n", to: "jobs/slow/job.yaml")
    try binary.folder.write("command: [bash, -c, 'seq 1 450']\n", to: "jobs/count/job.yaml")
    try binary.folder.write("command: [bash, -c, 'exit 64']\n", to: "jobs/fail/job.yaml")
  }

  private func id(_ result: Binary.Result) throws -> String {
    String(try #require(result.output.firstMatch(of: /job_[0-9A-Z]+/)).output)
  }

  @Test func `of a paused queue`() async throws {
    let server = try await binary.serve()
    _ = try await binary.run("enqueue", "echo", "--queue", "mail", "--wait")
    let paused = try await binary.run("queues", "pause", "mail", "--for", "1h", "--reason", "moving house")
    #expect(paused.output.hasPrefix("Queue mail is paused until 20"), "\(paused.output)")
    let job = try id(await binary.run("enqueue", "echo", "--queue", "mail"))
    let shown = try await binary.run("jobs", "show", job).output
    #expect(
      shown.contains(/queue mail is paused since \S+ by \S+ until \S+: moving house \(nightshift queues resume mail\)/),
      "\(shown)")
    #expect(try await binary.run("jobs", "--state", "ready").output.contains("queue paused"))
    let list = try await binary.run("queues").output
    #expect(list.contains("moving house") && list.contains("in 59m"), "\(list)")
    let slip = try await binary.run("queues", "pause", "mial")
    #expect(slip.status == 0)
    #expect(
      slip.errors == "There was no queue mial yet: it is paused from its first job on. "
        + "If you meant mail: nightshift queues resume mial\n")
    let unknown = try await binary.run("queues", "resume", "malo")
    #expect(unknown.errors == "Error: There is no queue \"malo\". `nightshift queues` lists those there are.\n")
    _ = try await server.stop()
  }

  @Test func `of a pause of everything`() async throws {
    let server = try await binary.serve()
    let paused = try await binary.run("pause", "--until", "2099-01-01T00:00:00Z", "--reason", "upgrade")
    #expect(paused.output == "Everything is paused until 2099-01-01T00:00:00.000Z; what runs goes on.\n")
    let job = try id(await binary.run("enqueue", "echo"))
    let shown = try await binary.run("jobs", "show", job).output
    #expect(shown.contains("until 2099-01-01T00:00:00.000Z: upgrade (nightshift resume)"), "\(shown)")
    #expect(try await binary.run("queues").errors.contains("Everything is paused since"))
    #expect(try await binary.run("doctor").output.contains("pauses: everything is paused since"))
    #expect(try await binary.run("pause", "--until", "2020-01-01T00:00:00Z").errors.contains("--until: must lie in"))
    #expect(try await binary.run("pause", "--for", "1h", "--until", "2099-01-01T00:00:00Z").status == 64)
    #expect(try await binary.run("resume").output == "Jobs are started again.\n")
    try await eventually { try await binary.run("jobs", "show", job, "--json").json().text("state") == "completed" }
    _ = try await server.stop()
  }

  @Test func `of a job that another stands for`() async throws {
    let server = try await binary.serve()
    let debounce = ["--debounce", "1h", "--at-most", "2h", "--key", "k"]
    let first = try id(await binary.run(["enqueue", "echo", "1"] + debounce))
    let second = try await binary.run(["enqueue", "echo", "2"] + debounce)
    #expect(try id(second) == first)
    #expect(second.errors == "\(first) had this key already (scheduled): it was given this payload and due time.\n")
    #expect(try await binary.run("jobs", "show", first, "--json").json()["payload"] == 2)
    let throttled = try await binary.run("enqueue", "echo", "3", "--throttle", "1/1h", "--key", "k", "--wait")
    #expect(throttled.status == 0, "\(throttled.errors)")
    let dropped = try await binary.run("enqueue", "echo", "4", "--throttle", "1/1h", "--key", "k")
    #expect(
      dropped.errors.hasSuffix("the window has no place for another, and nothing was added.\n"), "\(dropped.errors)")
    let later = try id(await binary.run("enqueue", "echo", "5", "--throttle", "1/1h", "--key", "k", "--later"))
    #expect(try await binary.run("jobs", "show", later, "--json").json().text("state") == "scheduled")
    let contradiction = try await binary.run("enqueue", "echo", "--debounce", "1h", "--in", "5m")
    #expect(contradiction.errors.contains("--debounce: says when the job is due"), "\(contradiction.errors)")
    for wrong in [["--key", "k"], ["--later"], ["--keep", "last"], ["--throttle", "0/1h"], ["--debounce", "soon"]] {
      #expect(try await binary.run(["enqueue", "echo"] + wrong).status == 64)
    }
    _ = try await server.stop()
  }

  @Test func `of a stale token`() async throws {
    let server = try await binary.serve()
    let path = "nightshift-data/admin-token"
    try binary.folder.write("nst_of_another_store\n", to: path)
    let refused = try await binary.run("jobs")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("/admin-token is not accepted"), "\(refused.errors)")
    #expect(!refused.errors.contains("Authorization"))
    // The line that the message gives, as a shell runs it; also where the server is named all the same.
    let line = try #require(refused.errors.split(separator: "\n").last).trimmingCharacters(in: .whitespaces)
    var named = binary
    named.environment = [
      "NIGHTSHIFT_URL": try #require(ServerFile.running(in: "\(binary.folder.path)/nightshift-data")).url
    ]
    #expect(try await named.run("jobs").errors == refused.errors)
    let shell = try await named.shell(line.replacing("nightshift tokens", with: "\"$NIGHTSHIFT\" tokens"))
    #expect(shell.status == 0, "\(shell.errors)")
    #expect(try await binary.run("jobs").status == 0)
    _ = try await server.stop()
    try binary.folder.write("nst_of_another_store\n", to: path)
    let again = try await binary.serve().stop()
    #expect(!again.output.contains("The admin token is in"))
    #expect(again.errors.contains("is not known to this store"), "\(again.errors)")
  }

  @Test func `of a token in the settings`() async throws {
    let server = try await binary.serve()
    var other = binary
    other.environment = ["NIGHTSHIFT_TOKEN": "nst_x"]
    let refused = try await other.run("jobs")
    #expect(refused.errors.contains("(environment NIGHTSHIFT_TOKEN)") && refused.errors.contains("unset it"))
    _ = try await server.stop()
  }

  @Test func `of a key that a running job holds`() async throws {
    let server = try await binary.serve()
    let first = try await binary.run("enqueue", "slow", "1", "--unique", "k")
    let job = try id(first)
    try await eventually {
      try await binary.run("jobs", "show", job, "--json").json().text("state") == "running"
    }
    let second = try await binary.run("enqueue", "slow", "2", "--unique", "k", "--on-conflict", "replace")
    #expect(second.status == 0)
    #expect(try id(second) == job)
    #expect(second.errors == "\(job) has this key and is running: it was not replaced, and nothing was added.\n")
    _ = try await binary.run("jobs", "cancel", job)
    _ = try await server.stop()
  }

  @Test func `to a log that is longer than what is shown`() async throws {
    let server = try await binary.serve()
    let done = try await binary.run("enqueue", "count", "--wait")
    let job = String(try #require(done.errors.firstMatch(of: /job_[0-9A-Z]+/)).output)
    let shown = try await binary.run("jobs", "show", job).output
    #expect(
      shown.contains("the last 200 of 450 lines; all of them: nightshift jobs show \(job) --logs all"), "\(shown)")
    let all = try await binary.run("jobs", "show", job, "--logs", "all", "--json").json()
    #expect(all.items("logs").map { $0.text("message") } == (1...450).map(String.init))
    let some = try await binary.run("jobs", "show", job, "--logs", "250", "--json").json()
    #expect(some.items("logs").first?.text("message") == "201")
    let few = try await binary.run("jobs", "show", job, "--logs", "2").output
    #expect(few.contains("the last 2 of 450 lines"))
    _ = try await server.stop()
  }

  @Test func `fit a narrow terminal`() async throws {
    let server = try await binary.serve()
    let failed = try await binary.run("enqueue", "fail", "--wait")
    #expect(failed.errors.contains("after 1 attempt: exited with 64"), "\(failed.errors)")
    _ = try await binary.run("queues", "pause", "default")
    _ = try await binary.run("enqueue", "echo")
    try binary.folder.write("comand: [x]\n", to: "jobs/typo/job.yaml")
    var narrow = binary
    narrow.environment = ["COLUMNS": "60"]
    for command in ["queues", "workers", "jobs", "kinds", "tokens", "config", "doctor"] {
      let lines = try await narrow.run(command).output.split(separator: "\n")
      #expect(lines.allSatisfy { TextWidth.of(String($0)) <= 60 || !$0.contains("  ") }, "\(lines)")
      #expect(command == "doctor" || lines.first?.contains("…") == false, "\(lines.first ?? "nothing")")
    }
    let jobs = try await narrow.run("jobs").output
    #expect(jobs.contains("queue paused"), "\(jobs)")
    _ = try await server.stop()
  }
}
