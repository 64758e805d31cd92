import Foundation
import HTTPTypes

/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct AddressBlock: Sendable, Hashable {
  package static let rule = "an address such as 192.0.2.7, or a block such as 10.0.0.0/8 or fd00::/8"

  private let bytes: [UInt8]
  private let prefix: Int

  /// `nil` unless the text is ``rule``.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let bytes = Self.bytes(of: String(parts[0])) else { return nil }
    self.bytes = bytes
    guard parts.count == 2 else {
      prefix = bytes.count * 8
      return
    }
    guard let prefix = Int(parts[1]), (0...bytes.count * 8).contains(prefix), parts[1].allSatisfy(\.isNumber) else {
      return nil
    }
    self.prefix = prefix
  }

  /// The bytes of an address; an IPv4 address within IPv6 is the IPv4 address.
  static func bytes(of text: String) -> [UInt8]? {
    // A zone (`fe80::1%eth0`) says only by which way it came.
    let plain = String(text.prefix { $0 != "%" })
    var four = in_addr()
    if inet_pton(AF_INET, plain, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var six = in6_addr()
    guard inet_pton(AF_INET6, plain, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: six) { Array($0) }
    let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    return bytes.starts(with: mapped) ? Array(bytes.dropFirst(12)) : bytes
  }

  func contains(_ address: [UInt8]) -> Bool {
    guard address.count == bytes.count else { return false }
    let (whole, rest) = (prefix / 8, prefix % 8)
    guard address.prefix(whole).elementsEqual(bytes.prefix(whole)) else { return false }
    guard rest > 0 else { return true }
    let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
    return address[whole] & mask == bytes[whole] & mask
  }
}

/// Who may tell us on whose behalf a request comes. Everybody else's `X-Forwarded-…` is not believed.
struct TrustedProxies: Sendable {
  /// As far as the list of addresses is looked at; no chain of proxies is longer.
  private static let mostHops = 32
  private static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
  private static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!

  let blocks: [AddressBlock]

  func trusts(_ address: String) -> Bool {
    guard let bytes = AddressBlock.bytes(of: address) else { return false }
    return blocks.contains { $0.contains(bytes) }
  }

  /// Whether a proxy has left a word on whose behalf it asks.
  static func speaks(in headers: HTTPFields) -> Bool { headers[forwardedFor] != nil }

  /// From where a request really comes.
  ///
  /// - Parameter isTLS: Whether the connection itself is encrypted.
  func resolve(_ origin: Origin, _ headers: HTTPFields, isTLS: Bool) -> Origin {
    guard case .socket(let peer, let isLoopback, let isSecure) = origin else { return origin }
    guard let peer, trusts(peer) else {
      return .socket(address: peer, isLoopback: isLoopback, isSecure: isSecure || isTLS)
    }
    let address = client(behind: peer, headers)
    let proto = Self.items(headers[values: Self.forwardedProto]).last?.lowercased()
    return .socket(
      address: address, isLoopback: isLoopback && address == peer, isSecure: proto.map { $0 == "https" } ?? isTLS)
  }

  /// Each proxy appends the address that it was asked from. From the right, the first that is no proxy of ours is the
  /// client: what stands left of it the client may have written itself.
  private func client(behind peer: String, _ headers: HTTPFields) -> String {
    var client = peer
    for item in Self.items(headers[values: Self.forwardedFor]).suffix(Self.mostHops).reversed() {
      guard let address = Self.address(item) else { return client }
      client = address
      guard trusts(address) else { return client }
    }
    return client
  }

  private static func items(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map(\.trimmingSpaces)
  }

  /// `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`; `nil` for what is no address.
  private static func address(_ item: String) -> String? {
    var text = Substring(item)
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      text = text[text.index(after: text.startIndex)..<end]
    } else if text.count(where: { $0 == ":" }) == 1 {
      text = text.prefix { $0 != ":" }
    }
    let address = String(text)
    return AddressBlock.bytes(of: address) == nil ? nil : address
  }
}
