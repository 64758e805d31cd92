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
