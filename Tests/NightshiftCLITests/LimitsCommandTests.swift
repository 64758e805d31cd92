import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands for limits` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, cat]\n", to: "jobs/echo/job.yaml")
  }

  @Test func `set a limit, show what it keeps back, and remove it`() async throws {
    let server = try await binary.serve()
    #expect(try await binary.run("limits").errors.contains("There are no limits yet."))
    let set = try await binary.run(
      "limits", "set", "per-key", "--kind", "echo", "--by", "key", "--concurrency", "2", "--rate", "1/1h")
    #expect(set.status == 0, "\(set.errors)")
    #expect(set.output == "Limit per-key: 2 at a time, 1/1h for each limit key (kind echo). 0 run, 0 held.\n")
    let first = try await binary.run("enqueue", "echo", "--limit-key", "acme", "--wait")
    #expect(first.status == 0, "\(first.errors)")
    let second = try await binary.run("enqueue", "echo", "--limit-key", "acme", "--json").json().text("id")
    try await eventually {
      try await binary.run("jobs", "show", second).output.contains("held by limit per-key for acme")
    }
    let job = try await binary.run("jobs", "show", second).output
    #expect(job.contains("limit key     acme") && job.contains("(nightshift limits show per-key)"), "\(job)")
    #expect(try await binary.run("jobs").output.contains("over a limit"))
    let shown = try await binary.run("limits", "show", "per-key").output
    #expect(shown.contains("held      1") && shown.contains("acme        0     1"), "\(shown)")
    #expect(try await binary.run("limits", "show", "per-key", "--json").json().items("keys").count == 1)
    #expect(try await binary.run("limits", "--json").json().items("limits").first?.text("name") == "per-key")
    #expect(try await binary.run("limits", "remove", "per-key").output.hasPrefix("Limit per-key is removed"))
    try await eventually { try await binary.run("jobs", "show", second, "--json").json().text("state") == "completed" }
    let gone = try await binary.run("limits", "remove", "per-key")
    #expect(gone.status == 1 && gone.errors.contains("`nightshift limits` lists those there are."), "\(gone.errors)")
    _ = try await server.stop()
  }

  @Test func `refuse what makes no sense, in words of the command line`() async throws {
    _ = try await binary.serve().stop()
    let nothing = try await binary.run("limits", "set", "x", "--queue", "mail")
    #expect(nothing.status == 64 && nothing.errors.contains("--concurrency, --rate, or --by"))
    #expect(try await binary.run("limits", "set", "x", "--concurrency", "1", "--smooth").status == 64)
    let wrong = try await binary.run(
      "limits", "set", "x", "--queue", "ok", "--queue", "No!", "--by", "nobody", "--rate", "often", "--concurrency", "0"
    )
    #expect(wrong.status == 1)
    for name in ["--queue: ", "--by: ", "--rate: ", "--concurrency: "] {
      #expect(wrong.errors.contains(name), "\(wrong.errors)")
    }
    let smooth = try await binary.run("limits", "set", "x", "--rate", "10/s", "--smooth", "--json")
    #expect(try smooth.json()["rate"] == "10/1s smooth", "\(smooth.errors)")
  }

  @Test func `pause and resume kinds`() async throws {
    let server = try await binary.serve()
    let paused = try await binary.run("kinds", "pause", "echo", "--for", "1h", "--reason", "vendor is down")
    #expect(paused.status == 0 && paused.output.hasPrefix("Kind echo is paused until "), "\(paused)")
    let id = try await binary.run("enqueue", "echo", "--json").json().text("id")
    try await eventually { try await binary.run("jobs", "show", id).output.contains("kind echo is paused since ") }
    let job = try await binary.run("jobs", "show", id).output
    #expect(job.contains(": vendor is down (nightshift kinds resume echo)"), "\(job)")
    #expect(try await binary.run("kinds").output.contains("paused"))
    let kinds = try await binary.run("kinds", "list", "--json").json().items("kinds")
    #expect(kinds.first { $0["kind"] == "echo" }?["pauseReason"] == "vendor is down")
    #expect(try await binary.run("doctor").status == 0, "a pause that ends is no fault")
    #expect(
      try await binary.run("kinds", "pause", "echo", "--for", "1h", "--until", "2199-01-01T00:00:00Z").status == 64)
    let slip = try await binary.run("kinds", "pause", "ecko")
    #expect(slip.status == 1 && slip.errors.contains("did you mean `echo`?"), "\(slip.errors)")
    _ = try await binary.run("kinds", "pause", "echo")
    let doctor = try await binary.run("doctor")
    #expect(doctor.status == 1 && doctor.output.contains("nightshift kinds resume echo"), "\(doctor.output)")
    #expect(try await binary.run("kinds", "resume", "echo").output == "Kind echo is open.\n")
    try await eventually { try await binary.run("jobs", "show", id, "--json").json().text("state") == "completed" }
    _ = try await server.stop()
  }
}

@Suite struct `A limit in the terminal` {
  private let limit: JSONValue = [
    "name": "a-limit-with-a-long-name", "queues": ["mail", "reports"], "kinds": ["send"], "by": "/customer/id",
    "concurrency": 2, "rate": "100/1m smooth", "running": 12, "busyKeys": 3, "held": 10_000,
    "updatedAt": "2026-11-21T08:00:00.000Z", "updatedBy": "token:admin",
  ]

  @Test func `is told in one line`() {
    #expect(
      LimitText(limit: limit).line
        == "Limit a-limit-with-a-long-name: 2 at a time, 100/1m smooth for each /customer/id "
        + "(queues mail and reports, kind send). 12 run, 10000+ held.")
    #expect(LimitText(limit: ["name": "f", "by": "owner"]).allows == "all, in turns")
    #expect(LimitText(limit: ["name": "f"]).covers == "all jobs")
  }

  @Test(arguments: [80, 120])
  func `fits its table into the terminal`(_ width: Int) {
    let lines = LimitsList.table([limit]).lines(width: width, isColored: false)
    #expect((2...4).contains(lines.count) && lines[0].hasPrefix("LIMIT"), "side by side")
    for line in lines { #expect(TextWidth.of(line) <= width, "\(line)") }
    // What it lets run is never cut.
    for word in ["time,", "100/1m", "smooth"] { #expect(lines.contains { $0.contains(word) }, "\(lines)") }
  }

  @Test(arguments: [40, 60])
  func `is told in full where the columns do not fit`(_ width: Int) {
    let lines = LimitsList.table([limit]).lines(width: width, isColored: false)
    for line in lines { #expect(TextWidth.of(line) <= width, "\(line)") }
    let words = lines.flatMap { $0.split(separator: " ") }.joined(separator: " ")
    #expect(words.contains("COVERS queues mail and reports, kind send"), "\(words)")
    let shown = LimitText(limit: limit).lines(width: width, isColored: false)
    for line in shown { #expect(TextWidth.of(line) <= width, "\(line)") }
  }

  @Test func `says how many keys are not listed`() {
    func text(_ used: Int64) -> String? {
      LimitText(limit: ["keys": [["key": "a"], ["key": "b"]], "usedKeys": .integer(used)]).keysNotShown
    }
    #expect(text(2) == nil)
    #expect(text(3) == "And 1 more key with jobs that run or are held.")
    #expect(text(1_000)?.hasPrefix("And at least 998 more keys") == true)
  }

  @Test func `is named by the job that it keeps back`() {
    func text(_ hold: JSONValue) -> String? { HoldText(["kind": "k", "hold": hold])?.long }
    #expect(
      text(["reason": "limit", "limit": "x", "key": "acme"])
        == "held by limit x for acme (nightshift limits show x)")
    #expect(
      text(["reason": "limit", "limit": "x", "until": "12:00"])
        == "held by limit x, which lets the next one begin at 12:00 (nightshift limits show x)")
    #expect(text(["reason": "limit", "limit": "x", "key": ""])?.contains("for jobs without a key") == true)
    #expect(HoldText(["hold": ["reason": "limit"]])?.short == "over a limit")
    #expect(
      text(["reason": "kindPaused", "detail": "vendor"]) == "kind k is paused: vendor (nightshift kinds resume k)")
  }

  @Test(arguments: [
    ("#/queues/1", "--queue"), ("#/kinds/0", "--kind"), ("#/by", "--by"), ("#/rate", "--rate"),
    ("#/concurrency", "--concurrency"), ("#/limitKey", "--limit-key"),
  ])
  func `has its faults named as arguments`(_ pointer: String, _ name: String) {
    #expect(ArgumentName.of(pointer: pointer) == name)
  }
}
