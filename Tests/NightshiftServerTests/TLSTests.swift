import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Nightshift
import NightshiftTesting
import TestSupport
import Testing

@testable import NightshiftServer

/// A certificate that signs itself, made for one test.
private struct Certificate {
  let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)").path
  var files: TLSFiles { TLSFiles(certificate: "\(folder)/cert.pem", key: "\(folder)/key.pem") }

  init(name: String = "localhost") async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try await make(name)
  }

  func make(_ name: String) async throws {
    let tool = try await Tool.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout", files.key, "-out", files.certificate,
    ])
    #expect(tool.status == 0, "openssl said: \(tool.text)")
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }  // what stays behind harms nobody
}

@Suite struct `TLS` {
  /// Sends a request over TLS and collects the answer.
  private func exchange(_ port: Int, trusting path: String, name: String, _ text: String) async throws -> String {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(path)
    let context = try NIOSSLContext(configuration: configuration)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: text))
      var answer = ByteBuffer()
      do {
        for try await piece in inbound { answer.writeImmutableBuffer(piece) }
      } catch NIOSSLError.uncleanShutdown {}  // it had said `Connection: close`
      return String(buffer: answer)
    }
  }

  @Test func `is spoken by the server itself, and cookies and headers know`() async throws {
    let certificate = try await Certificate()
    defer { certificate.remove() }
    var options = ServerOptions()
    options.tls = certificate.files
    let files = certificate.files
    try await TestAPI.run(worker: false) { test in
      try await RawClient.serve(test, options: options) { client in
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let answer = try await exchange(client.port, trusting: files.certificate, name: "localhost", request)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.contains("{\"status\":\"ok\"}"))
        #expect(answer.lowercased().contains("strict-transport-security: max-age=31536000"))
        // Plain HTTP gets nothing out of it.
        let plain = try await client.exchange(request)
        #expect(!plain.contains("200 OK"))
      }
    }
  }

  @Test func `takes up a new certificate, and keeps the old one while the new is of no use`() async throws {
    let certificate = try await Certificate()
    defer { certificate.remove() }
    let clock = TestClock()
    let context = try TLSContext(certificate.files, clock: clock, logger: .init(label: "test"))
    let first = context.current()
    #expect(context.current() === first)
    try Data("nothing".utf8).write(to: URL(filePath: certificate.files.certificate))
    clock.advance(by: .seconds(6))
    #expect(context.current() === first)
    try await certificate.make("renewed")
    clock.advance(by: .seconds(6))
    #expect(context.current() !== first)
  }

  @Test func `is refused with files that are missing or no PEM`() async throws {
    let certificate = try await Certificate()
    defer { certificate.remove() }
    var files = certificate.files
    files.key = "/nonexistent/key.pem"
    #expect(throws: ServerError.self) { try TLSContext(files, clock: SystemClock(), logger: .init(label: "test")) }
    files.key = certificate.files.certificate
    #expect(throws: ServerError.self) { try TLSContext(files, clock: SystemClock(), logger: .init(label: "test")) }
  }
}
