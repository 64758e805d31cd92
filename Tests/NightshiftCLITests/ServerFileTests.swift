import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `The server's file` {
  private let folder = TemporaryFolder()

  @Test func `names the server while its process lives`() throws {
    let file = ServerFile(
      url: "http://127.0.0.1:1", pid: getpid(), startedAt: Timestamp(microseconds: 1_800_000_000_000_000))
    try file.write(in: folder.path)
    #expect(ServerFile.running(in: folder.path) == file)
    file.remove(from: folder.path)
    #expect(ServerFile.running(in: folder.path) == nil)
  }

  @Test func `of a dead process is ignored`() throws {
    let pid = try pidOfEndedProcess()
    try ServerFile(url: "http://127.0.0.1:1", pid: pid, startedAt: Timestamp(microseconds: 0)).write(
      in: folder.path)
    #expect(ServerFile.running(in: folder.path) == nil)
  }

  @Test func `of another server is left alone`() throws {
    let other = ServerFile(url: "http://127.0.0.1:2", pid: getppid(), startedAt: Timestamp(microseconds: 0))
    try other.write(in: folder.path)
    ServerFile(url: "http://127.0.0.1:1", pid: getpid(), startedAt: Timestamp(microseconds: 0)).remove(
      from: folder.path)
    #expect(ServerFile.running(in: folder.path) == other)
  }

  @Test func `that is no JSON is no server`() throws {
    try Data("{".utf8).write(to: URL(filePath: ServerFile.path(in: folder.path)))
    #expect(ServerFile.running(in: folder.path) == nil)
  }

  @Test func `has a neighbour with the token, for its owner only`() throws {
    try AdminTokenFile.write("nst_x", to: folder.path)
    #expect(AdminTokenFile.read(from: folder.path) == "nst_x")
    let attributes = try FileManager.default.attributesOfItem(atPath: AdminTokenFile.path(in: folder.path))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  private func pidOfEndedProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }
}

@Suite struct `The parser of server-sent events` {
  private let text = ": hello\n\nid: 7\nevent: log\ndata: {\"a\":1}\n\ndata: one\r\ndata: two\r\n\r\n"
  private let events = [
    ServerSentEvent(id: "7", event: "log", data: "{\"a\":1}"),
    ServerSentEvent(id: "7", event: "message", data: "one\ntwo"),
  ]

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `reads pieces of any size`(_ size: Int) throws {
    var parser = ServerSentEventParser()
    var found: [ServerSentEvent] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      found += try parser.feed(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    #expect(found == events)
  }

  @Test func `refuses an endless line`() throws {
    var parser = ServerSentEventParser()
    #expect(throws: CommandFailure.self) { try parser.feed(repeatElement(UInt8(ascii: "a"), count: 9 << 20)) }
  }
}
