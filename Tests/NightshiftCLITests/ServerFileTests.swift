import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `The server's file` {
  private let folder = TemporaryFolder()

  @Test func `names the server while it has its seat`() throws {
    let file = ServerFile(
      url: "http://127.0.0.1:1", pid: getpid(), startedAt: Timestamp(microseconds: 1_800_000_000_000_000))
    try withSeat(file) {
      #expect(ServerFile.running(in: folder.path) == file)
      // Whoever looks does not take the seat.
      #expect(ServerFile.running(in: folder.path) == file)
    }
    #expect(ServerFile.running(in: folder.path) == nil)
    #expect(!FileManager.default.fileExists(atPath: ServerFile.path(in: folder.path)))
  }

  private func withSeat(_ file: ServerFile, _ body: () -> Void) throws {
    guard let seat = try ServerSeat.take(in: folder.path, for: file) else { throw CancellationError() }
    body()
    _ = consume seat
  }

  @Test func `that a crash left behind names no server, whatever has its number by now`() throws {
    try ServerFile(url: "http://127.0.0.1:1", pid: getpid(), startedAt: Timestamp(microseconds: 0)).write(
      in: folder.path)
    #expect(ServerFile.running(in: folder.path) == nil)
  }

  @Test func `of another server is left alone`() throws {
    let other = ServerFile(url: "http://127.0.0.1:2", pid: getppid(), startedAt: Timestamp(microseconds: 0))
    try other.write(in: folder.path)
    ServerFile(url: "http://127.0.0.1:1", pid: getpid(), startedAt: Timestamp(microseconds: 0)).remove(
      from: folder.path)
    #expect(FileManager.default.fileExists(atPath: ServerFile.path(in: folder.path)))
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
