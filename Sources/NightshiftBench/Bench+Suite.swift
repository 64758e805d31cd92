import Foundation

extension Bench {
  /// The measurements by name, in the order in which they run.
  package static let names = [
    "cores", "life", "drain", "bulk", "enqueue-latency", "start-latency", "scripts", "server", "many-ready",
    "schedules", "limits", "four-workers",
    "drain-million-ready", "drain-million-parked", "drain-ten-million-finished",
  ]
  /// Those that make sense on a server only.
  private static let onServer: Set<String> = ["many-ready", "four-workers"]
  /// Those that have nothing to do with the database.
  private static let onFile: Set<String> = ["scripts", "server"]
  /// Those that take minutes and gigabytes, and run only when they are asked for.
  package static let large: Set<String> = [
    "drain-million-ready", "drain-million-parked", "drain-ten-million-finished",
  ]

  /// What is run when nothing is named.
  package func usual(full: Bool) -> [String] {
    Self.names.filter { name in
      (full || !Self.large.contains(name)) && !(server == nil ? Self.onServer : Self.onFile).contains(name)
    }
  }

  /// Runs one of ``names``.
  ///
  /// - Parameter executable: This program, for the server that is started beside it.
  package func run(_ name: String, executable: String) async throws -> [Figure] {
    switch name {
    // With one core there is no way between two.
    case "cores": ProcessInfo.processInfo.activeProcessorCount > 1 ? [try await coreDistance()] : []
    case "life": [try await fullLife()]
    case "drain": [try await drain(name: "drain of \(jobs)")]
    case "bulk": [try await bulkEnqueue()]
    case "enqueue-latency": try await enqueueLatency()
    case "start-latency": try await startLatency()
    case "scripts": [try await scripts()]
    case "server": try await idleServer(executable: executable)
    case "many-ready": [try await costOfManyReady()]
    case "schedules": try await schedules()
    case "limits": try await limits()
    case "four-workers": [try await fourWorkers()]
    case "drain-million-ready": [try await drain(name: "drain, a million ready", ready: 1_000_000)]
    case "drain-million-parked": [try await drain(name: "drain, a million parked", parked: 1_000_000)]
    case "drain-ten-million-finished": [try await drain(name: "drain, ten million finished", finished: 10_000_000)]
    default:
      throw BenchmarkError("there is no measurement \"\(name)\"; there are: \(Self.names.joined(separator: ", "))")
    }
  }
}
