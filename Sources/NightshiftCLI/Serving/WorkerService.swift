import Nightshift
import ServiceLifecycle

/// The worker as a part of the process: runs until the process is asked to stop, and then through its grace period.
struct WorkerService: Service {
  let engine: Engine

  func run() async throws { try await cancelWhenGracefulShutdown { try await engine.run() } }
}
