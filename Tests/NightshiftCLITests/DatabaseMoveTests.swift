import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The command db move` {
  private let binary = Binary(folder: TemporaryFolder())

  init() throws {
    try binary.folder.write("command: [bash, -c, cat]\n", to: "jobs/echo/job.yaml")
  }

  @Test func `plans, carries everything over, and says little in a log`() async throws {
    let server = try await binary.serve()
    let id = try await binary.run("enqueue", "echo", "--in", "1h", "--json").json().text("id")
    let alive = try await binary.run(
      "db", "move", "--from", "sqlite:nightshift-data/nightshift.db", "--to", "sqlite:b.db")
    #expect(alive.status == 1 && alive.errors.contains("source"), "\(alive.errors)")
    _ = try await server.stop()
    let from = "sqlite:nightshift-data/nightshift.db"
    let plan = try await binary.run("db", "move", "--from", from, "--to", "sqlite:new.db", "--dry-run")
    #expect(plan.status == 0 && plan.output.contains("nothing was."), "\(plan)")
    #expect(!FileManager.default.fileExists(atPath: binary.folder.path + "/new.db"))
    let moved = try await binary.run("db", "move", "--from", from, "--to", "sqlite:new.db")
    #expect(moved.status == 0 && moved.output.contains("verified row by row"), "\(moved)")
    #expect(moved.errors.isEmpty, "a line for each batch is no use in a log: \(moved.errors)")
    let again = try await binary.run("db", "move", "--from", from, "--to", "sqlite:new.db", "--json")
    #expect(again.status == 1, "the target is not empty any more")
    var target = binary
    target.environment["DATABASE_URL"] = "sqlite:new.db"
    let served = try await target.serve()
    #expect(try await target.run("jobs", "show", id, "--json").json().text("state") == "scheduled")
    _ = try await served.stop()
  }

  @Test(arguments: [
    (["--from", "sqlite:a.db", "--to", "sqlite:a.db"], 1, "name the same database"),
    (["--from", "sqlite:none.db", "--to", "sqlite:b.db"], 1, "There is no file none.db. Check --from."),
    (["--from", "mysql://x", "--to", "sqlite:b.db"], 64, "--from begins with \"mysql:\""),
    (["--from", "sqlite:a.db"], 64, "--to"),
  ])
  func `says what is wrong with its databases`(_ arguments: [String], _ status: Int32, _ message: String) async throws {
    let refused = try await binary.run(["db", "move"] + arguments)
    #expect(refused.status == status && refused.errors.contains(message), "\(refused)")
  }
}
