// swift-tools-version: 6.2
import PackageDescription

/// The same strict settings on every target of ours.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "nightshift",
  products: [
    .library(name: "Nightshift", targets: ["Nightshift", "NightshiftPostgres", "NightshiftSQLite"]),
    .library(name: "NightshiftJobs", targets: ["NightshiftJobs"]),
    .library(name: "NightshiftTesting", targets: ["NightshiftTesting"]),
    .executable(name: "nightshift", targets: ["NightshiftCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.4.1"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "CAllocator"),
    .target(name: "CChildProcess"),
    .target(name: "CFlightRecorder"),
    .target(name: "CLibPQ"),
    .target(name: "CMailbox"),
    .target(
      name: "Nightshift",
      dependencies: [
        "CFlightRecorder", "CMailbox",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "NightshiftSQLite", dependencies: ["CAllocator", "CSQLite", "Nightshift"], swiftSettings: strict),
    .target(name: "NightshiftPostgres", dependencies: ["CLibPQ", "Nightshift"], swiftSettings: strict),
    .target(
      name: "NightshiftJobs",
      dependencies: [
        "CChildProcess", "Nightshift",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(
      name: "NightshiftTelemetry",
      dependencies: [
        "Nightshift",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: strict),
    .target(
      name: "NightshiftServer",
      dependencies: [
        "Nightshift",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["Console/Assets", "Console/Templates"], swiftSettings: strict, plugins: ["EmbedConsole"]),
    .executableTarget(name: "embed-files", path: "Plugins/EmbedFilesTool", swiftSettings: strict),
    .plugin(name: "EmbedConsole", capability: .buildTool, dependencies: ["embed-files"]),
    .target(
      name: "NightshiftBench",
      dependencies: [
        "CChildProcess", "CSQLite", "Nightshift", "NightshiftJobs", "NightshiftPostgres", "NightshiftSQLite",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "NightshiftCLI",
      dependencies: [
        "CAllocator", "Nightshift", "NightshiftBench", "NightshiftJobs", "NightshiftPostgres", "NightshiftServer",
        "NightshiftSQLite", "NightshiftTelemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(
      name: "NightshiftTesting",
      dependencies: ["Nightshift", "NightshiftSQLite", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .executableTarget(
      name: "crash-worker",
      dependencies: [
        "Nightshift", "NightshiftPostgres", "NightshiftSQLite", .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/CrashWorker", swiftSettings: strict),
    .target(
      name: "TestSupport",
      dependencies: [
        "Nightshift", "NightshiftPostgres",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/Support",
      swiftSettings: strict),
    .testTarget(
      name: "NightshiftTests",
      dependencies: [
        "CFlightRecorder", "Nightshift", "NightshiftPostgres", "NightshiftSQLite", "NightshiftTesting", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "JobStoreTests",
      dependencies: [
        "Nightshift", "NightshiftPostgres", "NightshiftSQLite", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NightshiftSQLiteTests",
      dependencies: [
        "CAllocator", "CSQLite", "Nightshift", "NightshiftSQLite", .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["schema.sql"], swiftSettings: strict),
    .testTarget(
      name: "NightshiftPostgresTests",
      dependencies: [
        "Nightshift", "NightshiftPostgres", "TestSupport", .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["schema.sql"], swiftSettings: strict),
    .testTarget(
      name: "NightshiftJobsTests",
      dependencies: [
        "Nightshift", "NightshiftJobs", "NightshiftTesting", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NightshiftTelemetryTests",
      dependencies: [
        "Nightshift", "NightshiftTelemetry", "NightshiftTesting", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NightshiftServerTests",
      dependencies: [
        "Nightshift", "NightshiftServer", "NightshiftSQLite", "NightshiftTesting", "TestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NightshiftCLITests",
      dependencies: [
        "Nightshift", "NightshiftCLI", "NightshiftSQLite", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
  ]
)
