import Foundation
import Nightshift
import NightshiftSQLite
import Testing

@Suite struct `a database file that is removed while it is open` {
  @Test func `is noticed, though its handle goes on to work`() async throws {
    let file = try DatabaseFile()
    let engine = try await Engine(.sqlite(path: file.path))
    #expect(await engine.readiness().storeIsWritable)
    try FileManager.default.removeItem(atPath: file.path)

    let readiness = await engine.readiness()

    #expect(!readiness.storeIsWritable)
    #expect(readiness.problem?.contains("was removed or replaced") == true)
    await engine.close()
  }
}
