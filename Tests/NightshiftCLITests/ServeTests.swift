import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(5))) struct `nightshift serve` {
  private let binary = Binary(folder: TemporaryFolder())

  @Test func `tells where it is, and leaves no trace of that when it ends`() async throws {
    let server = try await binary.serve()
    let file = try JSONValue(parsing: Array(binary.folder.read("nightshift-data/server.json").utf8))
    #expect(file["pid"]?.intValue == Int(server.pid))
    #expect(file["url"]?.stringValue?.hasPrefix("http://127.0.0.1:") == true)
    #expect(file["url"]?.stringValue?.hasSuffix(":0") == false)
    let token = try binary.folder.read("nightshift-data/admin-token").trimmingCharacters(
      in: .whitespacesAndNewlines)
    let result = try await server.stop()
    #expect(result.status == 0)
    #expect(result.output.contains(token))
    #expect(!FileManager.default.fileExists(atPath: "\(binary.folder.path)/nightshift-data/server.json"))
    #expect(mode("nightshift-data") == 0o700)
    #expect(mode("nightshift-data/admin-token") == 0o600)
    #expect(mode("nightshift-data/nightshift.db") == 0o600)
  }

  @Test func `hands its place in the file on to another one that goes on`() async throws {
    let folder = "\(binary.folder.path)/nightshift-data"
    let first = try await binary.serve()
    let second = try binary.start(["serve", "--listen", "127.0.0.1:0"])
    try await eventually { try second.text().contains("is at") }
    #expect(ServerFile.running(in: folder)?.pid == first.pid)
    _ = try await first.stop(SIGKILL)
    try await eventually { ServerFile.running(in: folder)?.pid == second.pid }
    let third = try binary.start(["serve", "--listen", "127.0.0.1:0"])
    try await eventually { try third.text().contains("is at") }
    #expect(try await second.stop().status == 0)
    try await eventually { ServerFile.running(in: folder)?.pid == third.pid }
    #expect(try await third.stop().status == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/server.json"))
  }

  @Test func `that was killed is in nobody's way, even before it is buried`() async throws {
    let server = try await binary.serve()
    let enqueued = try await binary.run(
      "enqueue", "http", #"{"url": "http://127.0.0.1:9"}"#, "--in", "1h")
    #expect(enqueued.status == 0, "\(enqueued.errors)")
    // Stopped first: it cannot answer any more, and is still a server.
    server.signal(SIGSTOP)
    #expect(ServerFile.running(in: "\(binary.folder.path)/nightshift-data")?.pid == server.pid)
    _ = try await server.stop(SIGKILL)
    #expect(FileManager.default.fileExists(atPath: "\(binary.folder.path)/nightshift-data/server.json"))
    let listed = try await binary.run("jobs", "--json")
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(try listed.json().items("jobs").count == 1)
  }

  @Test func `is waited for by who waits for a job, wherever it comes back`() async throws {
    let script = "[[ -e ../../again ]] || { touch ../../again; sleep 600; }; echo [7]"
    try binary.folder.write("command: [bash, -c, '\(script)']\n", to: "jobs/nap/job.yaml")
    let first = try await binary.serve()
    let waiting = try binary.start(["enqueue", "nap", "--wait"])
    try await eventually { FileManager.default.fileExists(atPath: "\(binary.folder.path)/again") }
    _ = try await first.stop(SIGKILL)
    let second = try binary.start(["serve", "--listen", "127.0.0.1:0"])
    let result = try await waiting.end()
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "[7]\n")
    _ = try await second.stop()
  }

  @Test func `keeps its token over a restart and shows it once`() async throws {
    _ = try await binary.serve().stop()
    let token = try binary.folder.read("nightshift-data/admin-token").trimmingCharacters(
      in: .whitespacesAndNewlines)
    let again = try await binary.serve().stop()
    #expect(!again.output.contains(token))
    #expect(try binary.folder.read("nightshift-data/admin-token").contains(token))
  }

  @Test func `says that its address is taken`() async throws {
    let server = try await binary.serve()
    let url = try #require(ServerFile.running(in: "\(binary.folder.path)/nightshift-data")?.url)
    let address = String(url.dropFirst("http://".count))
    let second = try await binary.run("serve", "--listen", address, "--data", "other")
    #expect(second.status == 1)
    #expect(second.errors.contains("Error: Cannot listen on \(address): another program listens there."))
    #expect(second.errors.contains("--listen"))
    // The store was made, and its first password can never be learned again.
    #expect(second.output.contains("Sign in as admin with"))
    #expect(second.output.contains("Admin token:"))
    _ = try await server.stop()
  }

  @Test(arguments: [
    (["--listen", "nowhere"], "HOST:PORT"), (["--data", "/proc/nightshift"], "cannot be made"),
    (["--data", "/dev/null"], "is a file"),
  ])
  func `refuses what cannot work, with the remedy`(_ arguments: [String], _ remedy: String) async throws {
    let result = try await binary.start(["serve"] + arguments).end()
    #expect(result.status != 0)
    #expect(result.errors.contains(remedy), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test func `starts with the worker stopped when told so`() async throws {
    var binary = binary
    binary.environment = ["AUTOPILOT_WORKER_AUTO_START": "false"]
    let server = try await binary.serve()
    let workers = try await binary.run("workers", "list", "--json").json()
    #expect(workers.items("workers").first?.text("mode") == "stopped")
    _ = try await server.stop()
  }

  @Test func `ends at once at the second signal`() async throws {
    try binary.folder.write("command: [sleep, '60']\n", to: "jobs/nap/job.yaml")
    let server = try await binary.serve()
    let enqueued = try await binary.run("enqueue", "nap")
    #expect(enqueued.status == 0, "\(enqueued.errors)")
    try await eventually {
      try await binary.run("jobs", "--json").json().items("jobs").first?.text("state") == "running"
    }
    server.signal(SIGTERM)
    try await eventually { try server.log().contains("Stopping") }
    let result = try await server.stop(SIGTERM)
    #expect(result.status == 128 + SIGTERM)
    #expect(!FileManager.default.fileExists(atPath: "\(binary.folder.path)/nightshift-data/server.json"))
  }

  private func mode(_ name: String) -> Int? {
    // A file that is missing has no mode, and the test fails.
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(binary.folder.path)/\(name)")
    return attributes?[.posixPermissions] as? Int
  }
}

/// Looks again and again until it is so. Processes cannot be awaited by an event of ours.
func eventually(_ condition: () async throws -> Bool) async throws {
  for _ in 0..<300 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(50))
  }
  Issue.record("it did not come about within 15 seconds")
}
