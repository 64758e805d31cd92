import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands for workflows and questions` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, cat]\n", to: "jobs/echo/job.yaml")
    try binary.folder.write("command: [bash, -c, 'exit 64']\n", to: "jobs/fail/job.yaml")
    try binary.folder.write("command: [bash, -c, 'sleep 60']\n", to: "jobs/slow/job.yaml")
  }

  @Test func `start a workflow from a file and wait for its end`() async throws {
    try binary.folder.write(
      """
      name: report
      jobs:
        - {ref: fetch, kind: echo, payload: {n: 1}}
        - {ref: left, kind: echo, dependsOn: fetch}
        - {ref: right, kind: echo, dependsOn: [fetch]}
        - {ref: send, kind: echo, dependsOn: [left, right]}
      callback: {kind: echo, when: done}
      """, to: "report.yaml")
    let server = try await binary.serve()
    let done = try await binary.run("workflows", "start", "report.yaml", "--wait")
    #expect(done.status == 0, "\(done.errors)")
    let id = try #require(done.output.firstMatch(of: /^wfl_[0-9A-Z]+/)).output
    #expect(done.errors.contains("completed \(id)"), "\(done.errors)")
    let shown = try await binary.run("workflows", "show", String(id), "--json").json()
    #expect(shown.items("jobs").map { $0.text("ref") } == ["fetch", "left", "right", "send", "callback"])
    #expect(shown.items("jobs").allSatisfy { $0.text("state") == "completed" })
    let json = #"{"name": "w", "jobs": [{"ref": "a", "kind": "fail"}]}"#
    let dead = try await binary.shell("echo '\(json)' | $NIGHTSHIFT workflows start - --wait")
    #expect(dead.status == 1 && dead.errors.contains("dead wfl_"), "\(dead.errors)")
    try binary.folder.write("name: w\njobs: [{kind: slow}]\n", to: "slow.yaml")
    let late = try await binary.run("workflows", "start", "slow.yaml", "--wait", "--wait-timeout", "100ms")
    #expect(late.status == 3, "\(late.errors)")
    _ = try await server.stop()
  }

  @Test func `name the workflow when the server is gone, which is not its end`() async throws {
    try binary.folder.write("name: w\njobs: [{kind: slow}]\n", to: "slow.yaml")
    let server = try await binary.serve()
    let waiting = try binary.start(["workflows", "start", "slow.yaml", "--wait", "--wait-timeout", "5s"])
    try await eventually {
      try await binary.run("jobs", "--json").json().items("jobs").first?.text("state") == "running"
    }
    _ = try await server.stop(SIGKILL)
    let result = try await waiting.end()
    #expect(result.status == 3)
    #expect(result.errors.contains(/nightshift workflows show wfl_[0-9A-Z]+/), "\(result.errors)")
  }

  @Test func `start no workflow in which anything is wrong, and say what`() async throws {
    let server = try await binary.serve()
    try binary.folder.write(
      "name: w\njobs:\n  - {ref: a, kind: ehco}\n  - {ref: b, kind: echo, dependsOn: [c]}\n", to: "w.yaml")
    let refused = try await binary.run("workflows", "start", "w.yaml")
    #expect(refused.status == 1, "\(refused.errors)")
    #expect(refused.errors.contains("jobs.0.kind: no worker") && refused.errors.contains("did you mean `echo`?"))
    #expect(refused.errors.contains("jobs.1.dependsOn.0: \"c\" is no id"), "\(refused.errors)")
    try binary.folder.write("name: [\n", to: "w.yaml")
    let broken = try await binary.run("workflows", "start", "w.yaml")
    #expect(broken.status == 64 && broken.errors.contains("w.yaml") && broken.errors.contains("not YAML"))
    #expect(try await binary.run("workflows", "start", "nothing.yaml").errors.contains("cannot be read"))
    #expect(try await binary.run("workflows").errors.contains("There are no workflows yet."))
    _ = try await server.stop()
  }

  @Test func `ask people on behalf of a job`() async throws {
    let server = try await binary.serve()
    let job = try await binary.run("enqueue", "slow", "--json").json().text("id")
    try await eventually { try await binary.run("jobs", "show", job, "--json").json().text("state") == "running" }
    let asked = try await binary.run(
      "checkpoints", "ask", job, "Send all?", "--key", "send", "--showing", #"{"count": 500}"#, "--risk", "message",
      "--expires", "24h", "--on-expiry", "continue", "--remind", "1h", "--reviewer-role", "approver", "--fixed")
    #expect(asked.status == 0, "\(asked.errors)")
    let id = asked.output.trimmingCharacters(in: .newlines)
    let shown = try await binary.run("checkpoints", "show", id, "--json").json()
    #expect(shown["title"] == "Send all?" && shown["key"] == "send" && shown["data"] == ["count": 500])
    #expect(shown["risk"] == "message" && shown["onExpiry"] == "continue" && shown["editable"] == false)
    #expect(shown["reviewers"]?["roles"] == ["approver"])
    let wrong = try await binary.run("checkpoints", "ask", job, "Which?", "--type", "error", "--key", "which")
    #expect(wrong.status == 1 && wrong.errors.contains("--choice: is missing"), "\(wrong.errors)")
    _ = try await binary.run("jobs", "cancel", job)
    _ = try await server.stop()
  }
}
