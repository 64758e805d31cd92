import Logging
import Nightshift
import Testing

@Suite struct `The first admin token` {
  @Test(arguments: StoreUnderTest.allCases)
  func `is made once by servers that start at the same moment`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    var engines: [Engine] = []
    for _ in 1...4 { engines.append(try await Engine(test.storage, logger: quiet)) }
    let secrets = try await withThrowingTaskGroup(of: String?.self) { group in
      for engine in engines { group.addTask { try await engine.ensureAdminToken() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(secrets.compactMap(\.self).count == 1)
    #expect(try await engines[0].tokens().map(\.name) == ["admin"])
    for engine in engines { await engine.close() }
  }
}
