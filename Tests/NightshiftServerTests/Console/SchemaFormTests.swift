import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `A list in a form` {
  private let schema: JSONValue = [
    "type": "object", "properties": ["to": ["type": "array", "items": ["type": "string"]]],
  ]

  private func read(_ text: String) throws -> JSONValue? {
    SchemaForm.read(try FormFields(parsing: Substring(text)), schema, before: ["to": ["ada"]]).value
  }

  @Test func `has what is typed into an empty item, whether or not its box is set`() throws {
    #expect(try read("p/to/0=yes&f/to/0=ada&f/to/1=&f/to/2=bob") == ["to": ["ada", "bob"]])
  }

  @Test func `has an empty item whose box is set`() throws {
    #expect(try read("p/to/0=yes&f/to/0=ada&p/to/1=yes&f/to/1=&f/to/2=") == ["to": ["ada", ""]])
  }

  @Test func `loses an item whose box is cleared`() throws {
    #expect(try read("f/to/0=ada&f/to/1=&f/to/2=") == ["to": []])
  }

  @Test func `takes as many items as a browser has added, up to its limit`() throws {
    let all = (0..<60).map { "p/to/\($0)=yes&f/to/\($0)=n\($0)" }.joined(separator: "&")
    let list = try #require(try read(all)?["to"]?.arrayValue)
    #expect(list.count == 50)
    #expect(list.last == "n49")
  }
}
