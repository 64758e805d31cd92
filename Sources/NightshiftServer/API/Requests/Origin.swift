import NIOCore
import Nightshift

/// Where a request came from.
enum Origin: Sendable {
  /// Over a socket. The address is unknown when the peer has gone already.
  case socket(address: String?, isLoopback: Bool, isSecure: Bool = false)
  /// From this process, on behalf of somebody who is known already.
  case inProcess(Actor)

  /// Whether nobody on the way can have read the request.
  var isSecure: Bool { if case .socket(_, _, let isSecure) = self { isSecure } else { false } }

  init(_ channel: any Channel) {
    guard let address = channel.remoteAddress else {
      self = .socket(address: nil, isLoopback: false)
      return
    }
    self = .socket(address: address.ipAddress, isLoopback: address.isLoopback)
  }
}

extension SocketAddress {
  fileprivate var isLoopback: Bool {
    // A Unix socket has a path instead, and can only be reached from this host.
    guard let ip = ipAddress else { return true }
    return ip == "::1" || ip.hasPrefix("127.") || ip.hasPrefix("::ffff:127.")
  }
}
