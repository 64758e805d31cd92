import Nightshift
import NightshiftTelemetry

/// Every setting there is. The raw value is its key in `nightshift.yaml`, with a dot for each level.
enum SettingKey: String, CaseIterable, Sendable {
  case data
  case jobs
  case schedules
  case listen
  case database
  case url
  case token
  case logLevel = "log.level"
  case logFormat = "log.format"
  case workerName = "worker.name"
  case workerConcurrency = "worker.concurrency"
  case workerAutoStart = "worker.autoStart"
  case workerQueues = "worker.queues"
  case workerGracePeriod = "worker.gracePeriod"
  case workerLeaseDuration = "worker.leaseDuration"
  case payloadLimit
  case retentionCompleted = "retention.completed"
  case retentionDead = "retention.dead"
  case retentionAudit = "retention.audit"
  case allowedOrigins
  case tracesEndpoint = "traces.endpoint"
  case tracesHeaders = "traces.headers"
  case tracesService = "traces.service"
  case tracesSampler = "traces.sampler"
  case tracesSamplerArgument = "traces.samplerArgument"
  case sentryDSN = "sentry.dsn"
  case sentryEnvironment = "sentry.environment"
  case sentryRelease = "sentry.release"
  case sentryReport = "sentry.report"
  case masterKey
  case masterKeyFile
  case redactPaths = "redact.paths"
  case redactRevealTo = "redact.revealTo"
  case trustedProxies
  case rateLimit
  case tlsCertificate = "tls.certificate"
  case tlsKey = "tls.key"
  case jwtKeys = "jwt.keys"
  case jwtIssuer = "jwt.issuer"
  case jwtAudience = "jwt.audience"
  case jwtClockSkew = "jwt.clockSkew"
  case jwtRoleClaim = "jwt.roleClaim"
  case jwtOrganizationClaim = "jwt.organizationClaim"

  /// The one environment variable that sets it. Names that people already have are kept as they are.
  var environmentName: String {
    switch self {
    case .data: "NIGHTSHIFT_DATA"
    case .jobs: "NIGHTSHIFT_JOBS"
    case .schedules: "NIGHTSHIFT_SCHEDULES"
    case .listen: "NIGHTSHIFT_LISTEN"
    case .database: "DATABASE_URL"
    case .url: "NIGHTSHIFT_URL"
    case .token: "NIGHTSHIFT_TOKEN"
    case .logLevel: "NIGHTSHIFT_LOG_LEVEL"
    case .logFormat: "NIGHTSHIFT_LOG_FORMAT"
    case .workerName: "NIGHTSHIFT_WORKER_NAME"
    case .workerConcurrency: "WORKER_CONCURRENCY"
    case .workerAutoStart: "AUTOPILOT_WORKER_AUTO_START"
    case .workerQueues: "NIGHTSHIFT_WORKER_QUEUES"
    case .workerGracePeriod: "NIGHTSHIFT_WORKER_GRACE_PERIOD"
    case .workerLeaseDuration: "NIGHTSHIFT_WORKER_LEASE_DURATION"
    case .payloadLimit: "NIGHTSHIFT_PAYLOAD_LIMIT"
    case .retentionCompleted: "NIGHTSHIFT_RETENTION_COMPLETED"
    case .retentionDead: "NIGHTSHIFT_RETENTION_DEAD"
    case .retentionAudit: "NIGHTSHIFT_RETENTION_AUDIT"
    case .allowedOrigins: "ALLOWED_ORIGINS"
    case .tracesEndpoint: "OTEL_EXPORTER_OTLP_ENDPOINT"
    case .tracesHeaders: "OTEL_EXPORTER_OTLP_HEADERS"
    case .tracesService: "OTEL_SERVICE_NAME"
    case .tracesSampler: "OTEL_TRACES_SAMPLER"
    case .tracesSamplerArgument: "OTEL_TRACES_SAMPLER_ARG"
    case .sentryDSN: "SENTRY_DSN"
    case .sentryEnvironment: "SENTRY_ENVIRONMENT"
    case .sentryRelease: "SENTRY_RELEASE"
    case .sentryReport: "NIGHTSHIFT_SENTRY_REPORT"
    case .masterKey: "NIGHTSHIFT_MASTER_KEY"
    case .masterKeyFile: "NIGHTSHIFT_MASTER_KEY_FILE"
    case .redactPaths: "NIGHTSHIFT_REDACT_PATHS"
    case .redactRevealTo: "NIGHTSHIFT_REDACT_REVEAL_TO"
    case .trustedProxies: "NIGHTSHIFT_TRUSTED_PROXIES"
    case .rateLimit: "NIGHTSHIFT_RATE_LIMIT"
    case .tlsCertificate: "NIGHTSHIFT_TLS_CERTIFICATE"
    case .tlsKey: "NIGHTSHIFT_TLS_KEY"
    case .jwtKeys: "NIGHTSHIFT_JWT_KEYS"
    case .jwtIssuer: "NIGHTSHIFT_JWT_ISSUER"
    case .jwtAudience: "NIGHTSHIFT_JWT_AUDIENCE"
    case .jwtClockSkew: "NIGHTSHIFT_JWT_CLOCK_SKEW"
    case .jwtRoleClaim: "NIGHTSHIFT_JWT_ROLE_CLAIM"
    case .jwtOrganizationClaim: "NIGHTSHIFT_JWT_ORGANIZATION_CLAIM"
    }
  }

  var defaultValue: String? {
    switch self {
    case .data: "./nightshift-data"
    case .jobs: "./jobs"
    case .schedules: "./scheduler.yaml"
    case .listen: "127.0.0.1:8080"
    case .logLevel: "info"
    case .logFormat: "auto"
    case .workerName: "nightshift"
    case .workerAutoStart: "true"
    case .workerGracePeriod: "30s"
    case .workerLeaseDuration: "15s"
    case .payloadLimit: "1048576"
    case .retentionCompleted: "7d"
    case .retentionDead: "90d"
    case .tracesService: "nightshift"
    case .tracesSampler: "parentbased_always_on"
    case .sentryEnvironment: "production"
    case .sentryReport: "final"
    case .redactPaths: "default"
    case .redactRevealTo: "operator"
    case .rateLimit: "500/s"
    case .jwtClockSkew: "60s"
    case .jwtRoleClaim: "role"
    case .jwtOrganizationClaim: "organization"
    case .database, .url, .token, .workerConcurrency, .workerQueues, .allowedOrigins, .tracesEndpoint, .tracesHeaders,
      .tracesSamplerArgument, .sentryDSN, .sentryRelease, .retentionAudit, .masterKey, .masterKeyFile, .trustedProxies,
      .tlsCertificate, .tlsKey, .jwtKeys, .jwtIssuer, .jwtAudience:
      nil
    }
  }

  /// Whether its value must never be shown.
  var isSecret: Bool {
    switch self {
    // A DSN is meant to be given out, but whoever has it can fill the project with reports.
    case .token, .masterKey, .tracesHeaders, .sentryDSN: true
    default: false
    }
  }

  /// What its value looks like.
  var shape: SettingShape {
    switch self {
    case .data, .jobs, .schedules, .token, .workerName, .masterKeyFile, .tlsCertificate, .tlsKey, .jwtKeys, .jwtIssuer,
      .jwtAudience, .jwtRoleClaim, .jwtOrganizationClaim:
      .text
    case .trustedProxies: .addressBlocks
    case .rateLimit: .rate
    case .jwtClockSkew: .duration(atLeast: .zero)
    case .masterKey: .masterKeys
    case .redactPaths: .redaction
    case .redactRevealTo: .choice(Role.allCases.map(\.rawValue))
    case .listen: .address
    case .database: .databaseURL
    case .url: .url
    case .logLevel: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"])
    case .logFormat: .choice(["auto", "logfmt", "json"])
    case .workerConcurrency: .integer(1...10_000)
    case .workerAutoStart: .boolean
    case .workerQueues: .queues
    case .workerGracePeriod: .duration(atLeast: .zero)
    case .workerLeaseDuration: .duration(atLeast: .seconds(3))
    case .payloadLimit: .integer(1...(64 << 20))
    case .retentionCompleted, .retentionDead: .duration(atLeast: .seconds(3600))
    case .retentionAudit: .duration(atLeast: .seconds(86_400))
    case .allowedOrigins: .list
    case .tracesEndpoint: .url
    case .tracesHeaders: .headers
    case .tracesService, .sentryEnvironment, .sentryRelease: .text
    case .tracesSampler: .choice(SpanSampler.names)
    case .tracesSamplerArgument: .ratio
    case .sentryDSN: .sentryDSN
    case .sentryReport: .choice(ErrorsConfiguration.Rule.allCases.map(\.rawValue))
    }
  }
}
