import Foundation
import Logging
import NIOCore
import Nightshift
import NightshiftJobs
import NightshiftServer
import NightshiftTelemetry
import ServiceLifecycle

/// The process of `serve` and `worker`: opens the store, starts the parts, and ends them in order.
struct NightshiftProcess: Sendable {
  enum Role: Sendable { case server, worker }

  let settings: Settings
  let role: Role
  let output: Output
  let logger: Logger

  func run() async throws {
    guard TimeZoneCheck.isFine else {
      throw CommandFailure("The time zone America/New_York is not known. Remedy: \(TimeZoneCheck.remedy).")
    }
    let folder = DataFolder(path: settings.required(.data))
    try folder.prepare()
    let telemetry = Telemetry.start(settings, logger: logger)
    // Outermost, since what the last jobs have left is sent when the engine has ended.
    try await telemetry.run {
      let engine = try await openEngine(folder, telemetry)
      do {
        try await run(engine, folder)
      } catch {
        await engine.close()
        throw error
      }
      await engine.close()
    }
    logger.notice("Stopped.")
  }

  private func openEngine(_ folder: DataFolder, _ telemetry: Telemetry) async throws -> Engine {
    var configuration = EngineConfiguration(settings, role: "worker")
    configuration.observer = telemetry.observer
    configuration.recorderFolder = folder.recorderFolder
    configuration.witnessesSignals = true
    // A server goes on to answer, and its worker may be started again.
    configuration.endsWhenDrained = role == .worker
    configuration.masterKeys = try MasterKeyFile.keys(settings)
    let engine = try await Engine(
      settings.database.storage(logger), configuration: configuration, logger: logger)
    telemetry.follow(engine)
    return engine
  }

  private func run(_ engine: Engine, _ folder: DataFolder) async throws {
    let announcement = ServerAnnouncement(folder: folder, output: output, logger: logger)
    let scripts = try await Handlers.register(on: engine, settings, logger: logger) { announcement.url }
    let schedules = ScheduleFileWatch(path: settings.required(.schedules), engine: engine, logger: logger)
    // After the kinds, which it names.
    await schedules.load()
    // Ended in the opposite order: first the worker finishes its jobs, while the API still shows them.
    var services: [any Service] = [ScriptFolderService(scripts: scripts), ScheduleFileService(schedules: schedules)]
    if role == .server {
      try await announcement.provideToken(engine)
      try await announcement.provideUser(engine)
      try await MasterKeyFile.provide(settings, to: engine, output)
      services.insert(try server(engine, announcement), at: 0)
      services.append(AnnouncementService(announcement: announcement, clock: engine.clock))
    } else {
      output.note("Working on \(engine.store.summary)")
    }
    services.append(WorkerService(engine: engine))
    defer { announcement.end() }
    try await run(services, engine, announcement)
  }

  private func server(_ engine: Engine, _ announcement: ServerAnnouncement) throws(CommandFailure) -> APIServer {
    // It was checked with the settings.
    let address = ListenAddress(settings.required(.listen))!
    let options = try ServerOptions(settings)
    return APIServer(engine: engine, host: address.host, port: address.port, options: options, logger: logger) { port in
      announcement.began(ListenAddress.url(host: address.host, port: port, isTLS: options.tls != nil))
    }
    .showing(
      SettingKey.allCases.map { key in
        SettingLine(
          name: key.rawValue, value: settings.shown(key) ?? "–",
          origin: settings[key]?.origin.description ?? "not set")
      })
  }

  private func run(
    _ services: [any Service], _ engine: Engine, _ announcement: ServerAnnouncement
  ) async throws {
    let gracePeriod = settings.duration(.workerGracePeriod)
    var configuration = ServiceGroupConfiguration(
      services: services.map {
        // A worker that was told to drain ends, and everything with it.
        .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
      }, logger: Logger(label: "nightshift.services", factory: { _ in SwiftLogNoOpLogHandler() }))
    // The worker keeps to its grace period itself; this is for what hangs nonetheless.
    configuration.maximumGracefulShutdownDuration = gracePeriod + .seconds(15)
    let group = ServiceGroup(configuration: configuration)
    let signals = SignalWatcher(
      stop: { [logger] name in
        logger.notice(
          "Stopping: running jobs have \(gracePeriod.text) to end. A second signal ends at once.",
          metadata: ["signal": "\(name)"])
        // Ends with the group, at the latest with the process.
        Task { await group.triggerGracefulShutdown() }
      },
      abandon: { [logger] in
        logger.warning("Ending at once. Jobs that were under way are run again at the next start.")
        announcement.end()
        // Or they would go on beside the next attempt of their jobs.
        engine.endChildren()
      })
    defer { signals.end() }
    do {
      try await group.run()
    } catch is SocketAddressError.UnknownHost {
      throw CommandFailure(
        "The host of \(settings.required(.listen)) is not known. Use an address of this machine, "
          + "such as 127.0.0.1, with --listen HOST:PORT.")
    }
  }
}

/// Keeps the server's file in place until the process stops.
private struct AnnouncementService: Service {
  let announcement: ServerAnnouncement
  let clock: any WallClock

  func run() async { await cancelWhenGracefulShutdown { await announcement.keep(clock: clock) } }
}

/// Watches the folder of script jobs until the process stops.
private struct ScriptFolderService: Service {
  let scripts: ScriptJobs

  func run() async throws { try await cancelWhenGracefulShutdown { try await scripts.run() } }
}

/// Watches the schedules file until the process stops.
private struct ScheduleFileService: Service {
  let schedules: ScheduleFileWatch

  func run() async throws { try await cancelWhenGracefulShutdown { try await schedules.run() } }
}
