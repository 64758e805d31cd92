import Foundation
import Logging
import Nightshift
import NightshiftJobs
import NightshiftServer
import NightshiftTelemetry

/// Runs one job in this process while its user looks on (`nightshift run`).
struct ForegroundRun {
  let settings: Settings
  let output: Output
  let logger: Logger

  /// Returns the exit status.
  func run(_ draft: JobDraft) async throws -> Int32 {
    let telemetry = Telemetry.start(settings, logger: logger)
    return try await telemetry.run { try await run(draft, telemetry) }
  }

  private func run(_ draft: JobDraft, _ telemetry: Telemetry) async throws -> Int32 {
    var configuration = EngineConfiguration(settings, role: "command")
    configuration.observer = telemetry.observer
    configuration.masterKeys = try MasterKeyFile.keys(settings)
    configuration.recorderFolder = DataFolder(path: settings.required(.data)).recorderFolder
    configuration.witnessesSignals = true
    let engine = try await Engine(
      settings.database.storage(logger), configuration: configuration, logger: logger)
    telemetry.follow(engine)
    do {
      let status = try await run(draft, engine)
      await engine.close()
      return status
    } catch {
      await engine.close()
      throw error
    }
  }

  private func run(_ draft: JobDraft, _ engine: Engine) async throws -> Int32 {
    // The folder's watcher is not started, but its scripts need the scratch space as long as the job runs.
    let scripts = try await Handlers.register(on: engine, settings, logger: logger) { nil }
    defer { withExtendedLifetime(scripts) {} }
    let client = LocalAPIClient(engine: engine, ownsEngine: false)
    var draft = draft
    draft.isForeground = true
    let id = try await engine.submit([draft], actor: LocalAPIClient.actor)[0].id
    let interruption = interrupt(id, engine)
    defer { interruption.end() }
    // Subscribed before the job begins, so that its first lines are shown.
    let events = try await engine.listen(EventFilter(job: id))
    let view = Task { try await show(events) }
    let state = try await engine.runOne(id)
    await end(view, engine)
    guard state != nil else {
      throw CommandFailure("Job \(id) could not be run here: it is no longer ready.")
    }
    return Outcome.report(try await client.get("/api/jobs/\(id)"), output)
  }

  /// The first Ctrl-C cancels the job, the second ends the process.
  private func interrupt(_ id: JobID, _ engine: Engine) -> SignalWatcher {
    SignalWatcher(
      stop: { [output, logger] _ in
        output.note("Cancelling; once more ends at once.")
        // Ends with the cancel, at the latest with the process.
        Task {
          do {
            _ = try await engine.cancel([id], reason: "interrupted on the terminal", by: LocalAPIClient.actor)
          } catch {
            logger.error("The job could not be cancelled: \(error)")
          }
        }
      }, abandon: {})
  }

  /// Lets the view show what is on its way to it. It ends with the attempt; a second is far more than that takes.
  private func end(_ view: Task<Void, any Error>, _ engine: Engine) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = await view.result }
      // Cancelled when the view has ended, which is no error.
      group.addTask { _ = try? await engine.clock.sleep(for: .seconds(1)) }
      await group.next()
      view.cancel()
      group.cancelAll()
    }
  }

  private func show(_ events: EventStream) async throws {
    var view = LiveView(terminal: output.terminal)
    defer { view.end() }
    for try await delivery in events {
      guard case .event(_, let event) = delivery else { continue }
      switch event.body {
      case .progress(let fraction, let message): view.progress(fraction, message)
      case .log(_, let level, let message): view.log(level, message)
      case .signal(let name, let sender): view.note("signal \(name) from \(sender)")
      case .checkpoint(let id, _, let title, let state, let verdict, let by):
        view.note("\(verdict ?? state.rawValue) by \(by): \(title) (\(id))")
      case .custom(let name, let data): view.note("\(name) \(data)")
      case .state(.running, _): continue
      case .state: return
      }
    }
  }
}
