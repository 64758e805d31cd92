import Foundation
import Logging
import Nightshift
import NightshiftTelemetry
import Tracing

extension Telemetry {
  /// What goes out of this process, by its settings, and the process's tracer. Once per process, before anything that
  /// makes requests: an HTTP client looks for its tracer when it is made.
  static func start(_ settings: Settings, logger: Logger) -> Telemetry {
    let telemetry = Telemetry(
      traces: TracesConfiguration(settings), errors: ErrorsConfiguration(settings), logger: logger)
    if let tracer = telemetry.tracer { InstrumentationSystem.bootstrap(tracer) }
    return telemetry
  }
}

extension TracesConfiguration {
  /// `nil` if nothing is to be traced.
  fileprivate init?(_ settings: Settings) {
    guard let endpoint = settings.text(.tracesEndpoint) else { return nil }
    self.init(endpoint: endpoint, service: settings.required(.tracesService))
    // They were checked with the settings.
    headers = settings.text(.tracesHeaders).flatMap(Self.headers) ?? []
    let argument = settings.text(.tracesSamplerArgument).flatMap { Double($0) }
    sampler = SpanSampler(name: settings.required(.tracesSampler), argument: argument) ?? .parentBased(.always)
    resource["service.instance.id"] = settings.required(.workerName)
    resource["host.name"] = ProcessInfo.processInfo.hostName
    resource["process.pid"] = "\(ProcessInfo.processInfo.processIdentifier)"
  }
}

extension ErrorsConfiguration {
  /// `nil` if nothing is to be reported.
  fileprivate init?(_ settings: Settings) {
    guard let dsn = settings.text(.sentryDSN).flatMap({ SentryDSN($0) }) else { return nil }
    self.init(
      dsn: dsn, environment: settings.required(.sentryEnvironment),
      release: settings.text(.sentryRelease) ?? "nightshift@\(NightshiftVersion.current)",
      server: ProcessInfo.processInfo.hostName)
    rule = Rule(rawValue: settings.required(.sentryReport)) ?? .final
  }
}
