import Foundation
import Nightshift
import Testing

@Suite struct `Every portable statement` {
  /// The literals that the core hands to `query` and `execute`; those that are put together at run time are run by the
  /// other suites.
  private static func statements() throws -> [String] {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Nightshift").standardizedFileURL
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var statements: [String] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /(?:query|execute)\(\s*"(?!"")((?:[^"\\]|\\.)*)"/) {
        statements.append(String(match.1))
      }
      for match in text.matches(of: /(?:query|execute)\(\s*"""\n([\s\S]*?)"""/) { statements.append(String(match.1)) }
    }
    return statements.filter { !$0.contains("\\(") }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func `is understood by the database, whatever it is given`(_ database: StoreUnderTest) async throws {
    let store = try database.make()
    let statements = try Self.statements()
    #expect(statements.count > 60, "the scanner finds the statements")
    for sql in statements {
      let values = [SQLValue](repeating: .null, count: sql.count { $0 == "?" })
      do {
        // Planned, and not run.
        _ = try await store.write { try $0.query("EXPLAIN \(sql)", values) }
      } catch {
        Issue.record("\(sql): \(error)")
      }
    }
  }
}
