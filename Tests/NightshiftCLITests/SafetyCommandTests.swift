import Foundation
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite(.timeLimit(.minutes(3))) struct `The commands for safety` {
  private let binary = Binary(folder: TemporaryFolder())

  @Test func `keep secrets from all but the jobs that ask for them`() async throws {
    try binary.folder.write("command: [bash, run.sh]\nsecrets: [stripe-live]\n", to: "jobs/pay/job.yaml")
    try binary.folder.write(
      """
      echo "key is $NIGHTSHIFT_SECRET_STRIPE_LIVE"
      echo "failing with $NIGHTSHIFT_SECRET_STRIPE_LIVE" >&2
      exit 65
      """, to: "jobs/pay/run.sh")
    let server = try await binary.serve()
    let key = "\(binary.folder.path)/nightshift-data/master-key"
    let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let set = try await binary.shell("printf 'sk_live_123\\n' | $NIGHTSHIFT secrets set stripe-live")
    #expect(set.status == 0, "\(set.errors)")
    let list = try await binary.run("secrets", "list")
    #expect(list.output.contains("stripe-live") && !list.output.contains("sk_live"))
    let dead = try await binary.run("enqueue", "pay", "--follow")
    #expect(dead.status == 1 && dead.errors.contains("key is •••"), "\(dead.errors)")
    #expect(!dead.errors.contains("sk_live"))
    let id = try #require(dead.errors.firstMatch(of: /job_[0-9A-Z]+/)).output
    let job = try await binary.run("jobs", "show", String(id), "--json")
    #expect(job.output.contains("failing with •••") && !job.output.contains("sk_live"))
    #expect(try await binary.run("secrets", "remove", "stripe-live").status == 0)
    #expect(try await binary.run("secrets", "remove", "stripe-live").status != 0)
    // The key that is there is used again.
    #expect(try await server.stop().status == 0)
    let before = try binary.folder.read("nightshift-data/master-key")
    let again = try await binary.serve()
    #expect(try binary.folder.read("nightshift-data/master-key") == before)
    #expect(try !again.log().contains("sk_live"))
    _ = try await again.stop()
  }

  @Test func `show, export and verify who did what`() async throws {
    let server = try await binary.serve()
    #expect(try await binary.run("queues", "pause", "default").status == 0)
    let list = try await binary.run("audit", "--verb", "pause")
    #expect(list.output.contains("queue default") && list.output.contains("token:admin"), "\(list.errors)")
    let verified = try await binary.run("audit", "verify", "--json")
    #expect(verified.status == 0)
    let hash = try #require(try verified.json()["head"]?["hash"]?.stringValue)
    #expect(try await binary.run("audit", "verify", "--expect", hash).status == 0)
    let other = try await binary.run("audit", "verify", "--expect", String(repeating: "0", count: 64))
    #expect(other.status == 1 && other.output.contains("no entry has the hash"))
    let lines = try await binary.run("audit", "export").output.split(separator: "\n")
    #expect(lines.count >= 2 && lines.allSatisfy { $0.hasPrefix("{") })
    #expect(try await binary.run("audit", "export", "--format", "csv").output.hasPrefix("sequence,"))
    _ = try await server.stop()
    // Without a server, too.
    let alone = try await binary.run("audit", "export")
    #expect(alone.status == 0 && alone.output.split(separator: "\n").count >= lines.count, "\(alone.errors)")
  }

  @Test func `refuse settings for the network that do not go together`() async throws {
    for (environment, remedy) in [
      (["NIGHTSHIFT_TLS_CERTIFICATE": "cert.pem"], "tls.key"), (["NIGHTSHIFT_JWT_KEYS": "k.json"], "jwt.issuer"),
      (["NIGHTSHIFT_TRUSTED_PROXIES": "proxy"], "10.0.0.0/8"), (["NIGHTSHIFT_RATE_LIMIT": "many"], "500/s"),
      (["NIGHTSHIFT_MASTER_KEY": "hunter22"], "openssl rand"), (["NIGHTSHIFT_REDACT_PATHS": "a..b"], "password"),
    ] {
      var binary = binary
      binary.environment = environment
      let refused = try await binary.run("serve", "--listen", "127.0.0.1:0")
      #expect(refused.status != 0 && refused.errors.contains(remedy), "\(refused.errors)")
      #expect(!refused.errors.contains("hunter22"))
    }
  }
}
