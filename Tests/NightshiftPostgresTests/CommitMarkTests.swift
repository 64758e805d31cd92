import Nightshift
@testable import NightshiftPostgres
import TestSupport
import Testing

@Suite(.enabled(if: TestPostgres.url != nil, "NIGHTSHIFT_TEST_POSTGRES names no server"), .timeLimit(.minutes(5)))
struct `The fate of a commit whose answer was lost` {
  @Test func `is told by its mark, however often it is asked for`() async throws {
    let database = try await TestedDatabase()
    let session = try PostgresSession(connecting: try PostgresURL(database.url), role: "test")
    session.begin()
    try session.execute("INSERT INTO nightshift_settings(name, value) VALUES('a', 'b')")
    try session.commit(marking: 5)
    for _ in 0..<2 {
      #expect(try session.hasCommitted(5))
      #expect(try !session.hasCommitted(6), "the question itself is no commit")
    }
    // One that comes back later is refused.
    session.begin()
    try session.execute("INSERT INTO nightshift_settings(name, value) VALUES('c', 'd')")
    #expect(throws: StoreError.self) { try session.commit(marking: 6) }
    session.rollBack()
    #expect(try database.run("SELECT name FROM nightshift_settings").map { $0.text(0) } == ["a"])
    await database.end()
  }
}
