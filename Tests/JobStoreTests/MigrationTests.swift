import Nightshift
import Testing

@Suite struct `Every job store, when it is opened` {
  private static let feature = Migration(
    module: "feature", number: 1, name: "tables",
    statements: [
      "CREATE TABLE nightshift_feature(id {id}, a {int}, b {text}, c {bytes})",
      "CREATE TABLE nightshift_feature_names(name {text} NOT NULL PRIMARY KEY) {clustered}",
    ])
  private static let second = Migration(
    module: "feature", number: 2, name: "one more",
    statements: ["ALTER TABLE nightshift_feature ADD COLUMN d {text}"])

  @Test(arguments: StoreUnderTest.allCases)
  func `finds what it left`(_ database: StoreUnderTest) async throws {
    let test = try database.make()
    try await test.insert(NewJob(1))
    await test.close()
    let again = try test.another()
    #expect(try await again.state(of: 1) == .ready)
    await again.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `adds the steps that are missing, each once`(_ database: StoreUnderTest) async throws {
    let test = try database.make(Migration.core + [Self.feature])
    _ = try await test.write {
      try $0.execute("INSERT INTO nightshift_feature(a, b, c) VALUES(1, 'b', ?)", [.bytes([0])])
    }
    let second = try test.another(Migration.core + [Self.feature, Self.second])
    _ = try await second.migrate()
    #expect(try await second.migrate() == [])
    #expect(try await second.column("SELECT a FROM nightshift_feature WHERE d IS NULL") == ["1"])
    let steps = try await second.column("SELECT number FROM nightshift_migrations WHERE module = 'feature'")
    #expect(steps == ["1", "2"])
    await second.close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `refuses a newer schema and leaves it alone`(_ database: StoreUnderTest) async throws {
    let test = try database.make(Migration.core + [Self.feature, Self.second])
    let error = #expect(throws: StoreError.self) { _ = try test.another(Migration.core + [Self.feature]) }
    #expect(error?.code == .wrongVersion)
    #expect(try await test.count("migrations") > 2)
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `tolerates tables of features that it does not know`(_ database: StoreUnderTest) async throws {
    let test = try database.make(Migration.core + [Self.feature])
    await (try test.another()).close()
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `leaves nothing of a step that fails`(_ database: StoreUnderTest) async throws {
    let broken = Migration(
      module: "broken", number: 1, name: "broken",
      statements: ["CREATE TABLE nightshift_half(a {int})", "CREATE NONSENSE"])
    let test = try database.make()
    await #expect(throws: StoreError.self) { try await test.another(Migration.core + [broken]).migrate() }
    await #expect(throws: StoreError.self) { try await test.count("half") }
    #expect(try await test.column("SELECT name FROM nightshift_migrations WHERE module = 'broken'").isEmpty)
  }
}
