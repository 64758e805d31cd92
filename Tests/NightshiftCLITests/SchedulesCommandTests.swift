import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands for schedules` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, cat]\n", to: "jobs/echo/job.yaml")
  }

  @Test func `preview an expression without a server`() async throws {
    let times = try await binary.run(
      "schedules", "preview", "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2027-03-27T00:00:00Z", "--count", "3",
      "--json"
    ).json()
    #expect(times.arrayValue?.count == 3)
    #expect(times[0] == ["utc": "2027-03-27T01:30:00Z", "local": "2027-03-27T02:30:00+01:00", "note": nil])
    #expect(times[1]?["utc"] == "2027-03-28T01:00:00Z" && times[1]?["local"] == "2027-03-28T03:00:00+02:00")
    #expect(times[1]?["note"]?.stringValue?.hasPrefix("gap") == true)
    let wrong = try await binary.run("schedules", "preview", "0 0 30 2 *")
    #expect(wrong.status == 64 && wrong.errors.contains("there is no such day in any year"))
  }

  @Test func `export to a file whole or not at all`() async throws {
    let server = try await binary.serve()
    _ = try await binary.run("schedules", "add", "mine", "every 90s", "echo")
    let written = try await binary.run("schedules", "export", "--output", "kept.yaml")
    #expect(written.status == 0 && written.output.isEmpty, "\(written.errors)")
    let text = try binary.folder.read("kept.yaml")
    #expect(text == (try await binary.run("schedules", "export").output) && text.contains("\"mine\":"))
    let refused = try await binary.shell("NIGHTSHIFT_TOKEN=bad $NIGHTSHIFT schedules export --output kept.yaml")
    #expect(refused.status != 0)
    #expect(try binary.folder.read("kept.yaml") == text)
    _ = try await server.stop()
  }

  @Test func `say all that a job can be enqueued with, and leave out what is declared`() async throws {
    try binary.folder.write(
      "schedules:\n  nightly: {expression: '0 2 * * *', kind: echo, jitter: 1s, maxAttempts: 3}\n", to: "scheduler.yaml"
    )
    let server = try await binary.serve()
    let unique = try await binary.run(
      "schedules", "add", "one", "@daily", "echo", "--unique", "report", "--on-conflict", "replace", "--owner", "ada",
      "--json")
    #expect(unique.status == 0, "\(unique.errors)")
    #expect(try unique.json()["unique"] == ["key": "report", "onConflict": "replace"])
    #expect(try unique.json()["owner"] == "ada")
    let debounced = try await binary.run(
      "schedules", "add", "two", "@daily", "echo", "--debounce", "30s", "--at-most", "5m", "--key", "r", "--json"
    ).json()
    #expect(debounced["debounce"] == ["key": "r", "quiet": "30s", "atMost": "5m"])
    let edited = try await binary.run("schedules", "edit", "one", "--unset", "unique", "--throttle", "5/1h", "--json")
    #expect(try edited.json()["throttle"] == ["limit": 5, "per": "1h"] && edited.json()["unique"] == nil)
    let owned = try await binary.run("schedules", "edit", "two", "--org", "acme", "--json").json()
    #expect(owned["organization"] == "acme")
    #expect(try await binary.run("schedules", "edit", "two", "--on-conflict", "drop").status == 64)
    let bare = try await binary.run(
      "schedules", "edit", "nightly", "--unset", "jitter", "--unset", "max-attempts", "--json"
    ).json()
    #expect(bare["jitter"] == nil && bare["overridden"] == ["jitter": nil, "maxAttempts": nil])
    let slip = try await binary.run("schedules", "edit", "nightly", "--unset", "jiter")
    #expect(slip.status == 1 && slip.errors.contains("did you mean `jitter`?"), "\(slip.errors)")
    let over = try await binary.run("schedules", "add", "x", "every 1h", "echo", "--end", "2020-01-01T00:00:00Z")
    #expect(over.status == 1 && over.errors.contains("--end: is 2020"), "\(over.errors)")
    _ = try await server.stop()
  }

  @Test func `follow the file, and override and reset what it declares`() async throws {
    try binary.folder.write(
      """
      schedules:
        nightly: {expression: "0 2 * * *", kind: echo, payload: {n: 7}}
      """, to: "scheduler.yaml")
    let server = try await binary.serve()
    #expect(try await binary.run("schedules").output.contains("nightly   on      0 2 * * *"))
    let done = try await binary.run("schedules", "run", "nightly", "--wait")
    #expect(done.status == 0 && done.output == "{\"n\":7}\n", "\(done.errors)")
    let edited = try await binary.run("schedules", "edit", "nightly", "--expression", "@hourly", "--json").json()
    #expect(edited["overridden"] == ["expression": "@hourly"] && edited["declared"]?["expression"] == "0 2 * * *")
    #expect(try await binary.run("schedules", "remove", "nightly").status != 0)
    #expect(try await binary.run("schedules", "reset", "nightly", "--json").json()["expression"] == "0 2 * * *")
    let added = try await binary.run("schedules", "add", "mine", "every 90s", "echo", "--jitter", "5s", "--disabled")
    #expect(added.status == 0, "\(added.errors)")
    #expect(try await binary.run("schedules", "export").output.contains("\"mine\":\n    expression: \"every 90s\""))
    #expect(try await binary.run("schedules", "history", "nightly", "--json").json().items("slots").count == 1)
    try binary.folder.write("schedules: {}\n", to: "scheduler.yaml")
    try await eventually {
      try await binary.run("schedules", "list", "--json").json().items("schedules").map { $0.text("name") } == ["mine"]
    }
    _ = try await server.stop()
  }
}
