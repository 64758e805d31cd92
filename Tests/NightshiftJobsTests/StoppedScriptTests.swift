import Foundation
import Nightshift
import Testing

@testable import NightshiftJobs

@Suite(.timeLimit(.minutes(5))) struct `A script that is cancelled` {
  @Test func `is ended with all that it has started`() async throws {
    let started = Signal()
    let reporter = RecordingReporter { if $0.hasPrefix("pids") { started.fire() } }
    let script = try ScriptFixture(
      """
      sleep 1000 &
      bash -c 'sleep 1000 & echo "pids $$ $!"; wait' &
      wait
      """, reporter: reporter)
    let attempt = Task { try await script.run() }
    await started.wait()

    attempt.cancel()

    await #expect(throws: ScriptStopped.self) { try await attempt.value }
    let pids = try #require(reporter.messages.first).split(separator: " ").compactMap { Int32($0) }
    #expect(pids.count == 2)
    #expect(pids.allSatisfy { !isAlive($0) })
  }

  @Test(arguments: ["exec sleep 1000", "trap '' TERM; while :; do sleep 0.01; done"])
  func `is ended with what has left its process group`(_ stray: String) async throws {
    let started = Signal()
    let reporter = RecordingReporter { if $0.hasPrefix("stray") { started.fire() } }
    var script = try ScriptFixture(
      """
      setsid bash -c "echo stray \\$\\$; \(stray)" &
      wait
      """, reporter: reporter)
    script.grace = .milliseconds(300)
    // Of another attempt: it is none of this one's business.
    let other = try ScriptFixture(
      """
      setsid bash -c 'echo $$; touch begun; exec sleep 1000' &
      until [ -e begun ]; do sleep 0.01; done
      """)
    _ = try await other.run()
    let spared = try #require(other.reporter.messages.first.flatMap(Int32.init))
    let attempt = Task { [script] in try await script.run() }
    await started.wait()

    attempt.cancel()

    await #expect(throws: ScriptStopped.self) { try await attempt.value }
    let pid = try #require(reporter.messages.first?.split(separator: " ").last.flatMap { Int32($0) })
    #expect(!isAlive(pid))
    #expect(isAlive(spared), "what a script that ends by itself leaves behind is its own affair")
    kill(spared, SIGKILL)
  }

  @Test func `may put things in order first`() async throws {
    let started = Signal()
    let reporter = RecordingReporter { if $0 == "ready" { started.fire() } }
    let script = try ScriptFixture(
      "trap 'echo goodbye >&2; exit 0' TERM; echo ready; while :; do sleep 0.01; done", reporter: reporter)
    let attempt = Task { try await script.run() }
    await started.wait()

    attempt.cancel()

    let stopped = await #expect(throws: ScriptStopped.self) { try await attempt.value }
    #expect(stopped?.errorTail.hasSuffix("goodbye\n") == true)
    #expect(reporter.messages.contains("goodbye"))
  }

  @Test func `is killed when it will not end`() async throws {
    let folder = try TemporaryFolder()
    let child = ChildProcess(
      ChildLaunch(
        path: "/bin/bash",
        arguments: ["bash", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"],
        environment: ["PATH": "/usr/bin:/bin"], directory: folder.path, input: [], resources: JobResources(),
        grace: .milliseconds(200)), on: ChildThreads())
    #expect(try await nextOutput(child) == "ready\n")

    child.stop()

    #expect(await end(child) == .stopped)
  }

  @Test func `is stopped while it writes without end, and nobody keeps what it writes`() async throws {
    let folder = try TemporaryFolder()
    var resources = JobResources()
    resources.output = 1 << 40
    let child = ChildProcess(
      ChildLaunch(
        path: "/usr/bin/yes", arguments: ["yes"], environment: ["PATH": "/usr/bin:/bin"], directory: folder.path,
        input: [], resources: resources, grace: .seconds(5)), on: ChildThreads())
    while child.events.hasRoom { await Task.yield() }

    child.stop()

    var (kept, end): (Int, ChildEnd?) = (0, nil)
    while end == nil {
      for event in await child.events.take() {
        switch event {
        case .output(let bytes), .error(let bytes): kept += bytes.count
        case .ended(let how): end = how
        }
      }
    }
    #expect(end == .stopped)
    // What waited, what it could write until it was ended, and what was left in the pipe: not what it can write in all.
    #expect(kept < 4 * ChildEvents.limit)
  }

  @Test func `goes on when there is room for what it writes again`() async throws {
    let script = try ScriptFixture("yes $(printf %01000d 1) | head -n 3000; echo '{\"lines\": 3000}'")

    #expect(try await script.run() == "{\"lines\": 3000}")
    #expect(script.reporter.messages.count == 3000)
  }

  @Test func `does not outlive its own end in the background`() async throws {
    let script = try ScriptFixture("sleep 1000 & echo $!")

    _ = try await script.run()

    let pid = try #require(script.reporter.messages.first.flatMap(Int32.init))
    #expect(!isAlive(pid))
  }

  @Test func `is not waited for by who holds its output open`() async throws {
    let script = try ScriptFixture("setsid sleep 1000 & echo $!")

    _ = try await script.run()

    let pid = try #require(script.reporter.messages.first.flatMap(Int32.init))
    kill(pid, SIGKILL)
  }

  private func nextOutput(_ child: ChildProcess) async throws -> String {
    for event in await child.events.take() {
      if case .output(let bytes) = event { return String(decoding: bytes, as: UTF8.self) }
    }
    return ""
  }

  private func end(_ child: ChildProcess) async -> ChildEnd {
    while true {
      for event in await child.events.take() {
        if case .ended(let end) = event { return end }
      }
    }
  }
}
