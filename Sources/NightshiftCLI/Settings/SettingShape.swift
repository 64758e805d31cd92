import Foundation
import Nightshift
import NightshiftTelemetry
import NightshiftServer

/// What a setting's value must look like.
enum SettingShape: Sendable {
  case text
  case list
  case queues
  case address
  case url
  case databaseURL
  case sentryDSN
  /// `name=value` pairs with commas between.
  case headers
  /// From 0 to 1.
  case ratio
  case boolean
  case integer(ClosedRange<Int>)
  case duration(atLeast: Duration)
  case choice([String])
  case masterKeys
  case redaction
  case addressBlocks
  case rate

  /// What would be right instead; `nil` when the value is fine.
  func objection(to value: String) -> String? {
    isFine(value) ? nil : expectation
  }

  private func isFine(_ value: String) -> Bool {
    switch self {
    case .text, .list: !value.isEmpty
    case .queues: SettingShape.items(of: value).allSatisfy { QueueName(rawValue: $0) != nil }
    case .address: ListenAddress(value) != nil
    case .url: SettingShape.isHTTP(value)
    case .databaseURL: (try? DatabaseLocation(url: value)) != nil  // its error is thrown where it is opened
    case .sentryDSN: SentryDSN(value) != nil
    case .headers: TracesConfiguration.headers(value) != nil
    case .ratio: Double(value).map((0...1).contains) ?? false
    case .boolean: SettingShape.boolean(value) != nil
    case .integer(let range): Int(value).map(range.contains) ?? false
    case .duration(let least): Duration(text: value).map { $0 >= least } ?? false
    case .choice(let words): words.contains(value)
    case .redaction: SettingShape.redaction(value) != nil
    case .addressBlocks: SettingShape.items(of: value).allSatisfy { AddressBlock($0) != nil }
    case .rate: value == "off" || RequestRate(value) != nil
    case .masterKeys: (try? MasterKey.list(value)) != nil  // its error says no more than the expectation
    }
  }

  private var expectation: String {
    switch self {
    case .text, .list: "It must not be empty."
    case .queues: "Use names of queues with commas between, such as mail,reports."
    case .address: "Use HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one."
    case .url: "Use the server's address, such as http://127.0.0.1:8080."
    case .databaseURL: DatabaseLocation.rule
    case .sentryDSN: "Use the DSN of your project, such as https://KEY@sentry.example/7."
    case .headers: "Use NAME=VALUE with commas between, such as api-key=123."
    case .ratio: "Use a number from 0 to 1."
    case .boolean: "Use true or false."
    case .integer(let range): "Use a whole number from \(range.lowerBound) to \(range.upperBound)."
    case .duration(let least) where least > .zero:
      "Use \(least.text) or more, as a length of time such as 30s, 1h30m or 2d."
    case .duration: "Use \(DurationText.rule)."
    case .choice(let words): "Use one of \(words.joined(separator: ", "))."
    case .addressBlocks: "Use \(AddressBlock.rule), with commas between."
    case .rate: "Use off, or \(RequestRate.rule)."
    case .redaction: "Use off, or \(RedactionPath.rule), with commas between; `default` stands for the usual names."
    case .masterKeys:
      "Use 32 random bytes in base64, as `openssl rand -base64 32` makes them; older keys behind it with commas between."
    }
  }

  static func items(of value: String) -> [String] {
    value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  static func boolean(_ value: String) -> Bool? {
    switch value.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off": false
    default: nil
    }
  }

  /// `default` and paths, or `off`.
  static func redaction(_ value: String) -> [RedactionPath]? {
    let items = items(of: value)
    if items == ["off"] { return [] }
    var paths: [RedactionPath] = []
    for item in items {
      if item == "default" {
        paths += Redaction.standard
      } else if let path = RedactionPath(item), item != "off" {
        paths.append(path)
      } else {
        return nil
      }
    }
    return paths.isEmpty || paths.count > 200 ? nil : paths
  }

  private static func isHTTP(_ value: String) -> Bool {
    guard let url = URL(string: value), let host = url.host(), !host.isEmpty else { return false }
    return url.scheme == "http" || url.scheme == "https"
  }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
struct ListenAddress: Sendable, Equatable {
  var host: String
  var port: Int

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.host = String(host)
    self.port = port
  }

  /// How a client on this machine reaches a server that listens here.
  static func url(host: String, port: Int, isTLS: Bool = false) -> String {
    let scheme = isTLS ? "https" : "http"
    // The "any" addresses are not ones to connect to.
    let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
    return reachable.contains(":") ? "\(scheme)://[\(reachable)]:\(port)" : "\(scheme)://\(reachable):\(port)"
  }
}
