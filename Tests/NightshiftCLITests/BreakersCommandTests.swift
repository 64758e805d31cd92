import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands for circuit breakers` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, 'exit 1']\nmaxAttempts: 1\n", to: "jobs/broken/job.yaml")
  }

  @Test func `set one, show it open, close it and remove it`() async throws {
    let server = try await binary.serve()
    #expect(try await binary.run("breakers").errors.contains("There are no circuit breakers yet."))
    let set = try await binary.run(
      "breakers", "set", "service", "--kind", "broken", "--failure-share", "50%", "--minimum-calls", "1")
    #expect(set.status == 0 && set.errors.isEmpty, "\(set.errors)")
    #expect(set.output == "Circuit breaker service is closed; it opens at 50 % of at least 1 call within 1m.\n")
    _ = try await binary.run("enqueue", "broken", "--wait")
    try await eventually {
      try await binary.run("breakers", "show", "service", "--json").json().text("phase") != "closed"
    }
    let shown = try await binary.run("breakers", "show", "service").output
    #expect(shown.contains("because   1 of 1 calls failed within 1m"), "\(shown)")
    let list = try await binary.run("breakers").output
    #expect(list.contains("service") && list.contains("KINDS") && list.contains("open until"), "\(list)")
    let doctor = try await binary.run("doctor")
    #expect(doctor.status == 1 && doctor.output.contains("nightshift breakers reset"), "\(doctor.output)")
    // Set anew it stays as it is.
    let anew = try await binary.run(
      "breakers", "set", "service", "--kind", "broken", "--failure-share", "0.5", "--open-for", "1h")
    #expect(anew.output.hasPrefix("Circuit breaker service is open until "), "\(anew)")
    #expect(try await binary.run("breakers", "reset", "service").output == "Circuit breaker service is closed.\n")
    #expect(
      try await binary.run("breakers", "remove", "service").output.hasPrefix("Circuit breaker service is removed"))
    let gone = try await binary.run("breakers", "reset", "service")
    #expect(gone.status == 1 && gone.errors.contains("`nightshift breakers` lists those there are."), "\(gone.errors)")
    _ = try await server.stop()
  }

  @Test func `warn of kinds and queues that nobody knows, and of what makes no sense`() async throws {
    _ = try await binary.serve().stop()
    let slip = try await binary.run("breakers", "set", "x", "--kind", "brokn")
    #expect(slip.status == 0)
    #expect(
      slip.errors == "Warning: --kind: no worker has ever registered the kind `brokn`; did you mean `broken`?\n",
      "\(slip.errors)")
    let limit = try await binary.run("limits", "set", "x", "--queue", "defualt", "--concurrency", "1")
    #expect(limit.status == 0 && limit.errors.hasPrefix("Warning: --queue: no job"), "\(limit.errors)")
    #expect(limit.errors.contains("did you mean `default`?"))
    for share in ["half", "%", "0.5 %"] {
      #expect(try await binary.run("breakers", "set", "x", "--failure-share", share).status == 64, "\(share)")
    }
    let wrong = try await binary.run("breakers", "set", "x", "--failure-share", "200%")
    #expect(wrong.status == 1 && wrong.errors.contains("--failure-share"), "\(wrong.errors)")
  }

  @Test(arguments: [
    ("0/1s", "The count must be 1 to 1000. To let none come"), ("1001/1s", "The count must be 1 to 1000."),
    ("5", "Give a count and a time, such as 1/10m or 5/1h."), ("5/soon", "The time must be a length such as"),
    ("5/0s", "more than 0"), ("5/400d", "at most 366d"),
  ])
  func `say what is wrong with a throttle`(_ rate: String, _ message: String) async throws {
    let refused = try await binary.run("enqueue", "broken", "--throttle", rate)
    #expect(refused.status == 64 && refused.errors.contains(message), "\(refused.errors)")
  }
}

@Suite struct `A circuit breaker in the terminal` {
  private let breaker: JSONValue = [
    "name": "language-model-of-the-vendor", "phase": "open", "probesAt": "2026-11-21T08:00:00.000Z",
    "kinds": ["draft-a-long-answer", "summarise-the-conversation"], "failureShare": 0.5, "minimumCalls": 10,
    "window": "1m", "openFor": "30s", "probes": 1, "succeeded": 2, "failed": 10, "held": 1, "trips": 3,
    "reason": "10 of 12 calls failed within 1m; 2 probes have failed since",
  ]

  @Test(arguments: [40, 60, 80, 120])
  func `keeps its moment whole on every terminal`(_ width: Int) {
    let table = BreakersList.table([breaker]).lines(width: width, isColored: false)
    let shown = BreakerText(breaker: breaker).lines(width: width, isColored: false)
    for line in table + shown { #expect(TextWidth.of(line) <= width, "\(line)") }
    #expect(table.contains { $0.contains("2026-11-21T08:00:00.000Z") }, "\(table)")
    #expect(table.contains { $0.contains("KINDS") }, "\(table)")
  }

  @Test(arguments: [("0.5", 0.5), ("50%", 0.5), ("100%", 1), ("1", 1), ("0", 0)])
  func `opens at a share that is written either way`(_ text: String, _ share: Double) {
    #expect(ShareArgument(argument: text)?.share == share)
  }
}
