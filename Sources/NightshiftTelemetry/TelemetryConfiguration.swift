import Foundation
import Nightshift

/// Where spans go.
package struct TracesConfiguration: Sendable {
  /// The whole URL, with `/v1/traces`.
  package var endpoint: String
  package var headers: [(name: String, value: String)] = []
  package var sampler: SpanSampler = .parentBased(.always)
  /// What all spans say of their process: `service.name`, `service.version` and so on.
  package var resource: [String: String] = [:]
  package var timeout: Duration = .seconds(10)

  /// - Parameter endpoint: The collector's base URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
  package init(endpoint: String, service: String) {
    let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    self.endpoint = base.hasSuffix("/v1/traces") ? base : base + "/v1/traces"
    resource = ["service.name": service, "service.version": NightshiftVersion.current]
  }

  /// Reads `OTEL_EXPORTER_OTLP_HEADERS`: `name=value` pairs with commas between, values percent-encoded; `nil` if it
  /// is not of that form.
  package static func headers(_ text: String) -> [(name: String, value: String)]? {
    var headers: [(name: String, value: String)] = []
    for pair in text.split(separator: ",") {
      let sides = pair.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let value = String(sides[1]).trimmed.removingPercentEncoding else { return nil }
      let name = String(sides[0]).trimmed
      guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x3a }) else { return nil }
      headers.append((name, value))
    }
    return headers
  }
}

/// Where error reports go, and which ones.
package struct ErrorsConfiguration: Sendable {
  /// Which failures of attempts are reported.
  package enum Rule: String, Sendable, CaseIterable {
    /// The last one, after which the job is dead.
    case final
    /// Every one, also if the job is tried again.
    case each
  }

  package var dsn: SentryDSN
  package var environment: String
  package var release: String
  /// The name of the machine or of the worker, for people.
  package var server: String
  package var rule: Rule = .final
  package var timeout: Duration = .seconds(10)

  package init(dsn: SentryDSN, environment: String, release: String, server: String) {
    self.dsn = dsn
    self.environment = environment
    self.release = release
    self.server = server
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
