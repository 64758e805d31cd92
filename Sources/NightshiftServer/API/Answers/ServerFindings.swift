import Nightshift

extension APIRequest {
  /// What is to be looked after: in the store, in what is in it, and in how this server is reached.
  func findings(_ depth: CheckDepth) async -> [StoreFinding] {
    let proxy = statistics?.unknownProxy
    return await engine.findings(depth) + [
      StoreFinding(
        "proxy", isFine: proxy == nil,
        found: proxy.map { "requests come from \($0) with X-Forwarded-For, which is not believed" } ?? "none unknown",
        remedy: "all callers count as one address, also when sign-ins fail too often: "
          + "name the proxy in trustedProxies (NIGHTSHIFT_TRUSTED_PROXIES=\(proxy ?? "127.0.0.1"))")
    ]
  }
}
