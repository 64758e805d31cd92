import HTTPTypes
import Nightshift
import Synchronization

/// How many requests may come within a time: `500/s`.
package struct RequestRate: Sendable, Hashable, CustomStringConvertible {
  package static let rule = "a number of requests and the time they may come in, such as 500/s, 1000/m or 5000/h"
  private static let units = ["s": 1, "m": 60, "h": 3600]

  /// So many at once, and so many within the time.
  let count: Int
  let seconds: Int
  package let description: String

  /// `nil` unless the text is ``rule``.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000).contains(count),
      let seconds = Self.units[String(parts[1])]
    else { return nil }
    self.init(count, in: seconds, text)
  }

  private init(_ count: Int, in seconds: Int, _ description: String) {
    self.count = count
    self.seconds = seconds
    self.description = description
  }

  /// What `rateLimit` is when nobody says otherwise.
  package static let standard = RequestRate(500, in: 1, "500/s")
  /// For requests that bear a token which is none: nobody guesses 256 bits, but everybody may not try at full speed.
  static let failures = RequestRate(20, in: 60, "20/m")

  var perNanosecond: Double { Double(count) / Double(seconds) / 1e9 }
}

/// Keeps one caller from using up what all need. Buckets that fill up steadily and are emptied by requests, in memory and
/// for this process alone.
final class RateLimiter: Sendable {
  /// A stranger with many addresses must not fill the memory: beyond these, all new ones share one.
  static let mostBuckets = 10_000
  private static let shared = "others"

  private struct Bucket {
    var tokens: Double
    var at: Int64

    mutating func fill(_ rate: RequestRate, _ now: Int64) {
      tokens = min(Double(rate.count), tokens + Double(max(0, now - at)) * rate.perNanosecond)
      at = now
    }
  }

  let rate: RequestRate
  private let buckets = Mutex<[String: Bucket]>([:])

  init(_ rate: RequestRate) { self.rate = rate }

  /// Takes one from the bucket of this name.
  ///
  /// - Returns: `nil`, or how long to wait for the next one, in nanoseconds.
  func take(_ name: String, now: Int64) -> Int64? { change(name, now, taking: 1) }

  /// Whether there is one left, without taking it: how long to wait if not.
  func wait(_ name: String, now: Int64) -> Int64? { change(name, now, taking: 0) }

  private func change(_ name: String, _ now: Int64, taking count: Double) -> Int64? {
    buckets.withLock { buckets in
      var name = name
      if buckets[name] == nil, buckets.count >= Self.mostBuckets {
        // One that is full again says nothing that a new one would not say.
        buckets = buckets.filter { _, bucket in
          Double(now - bucket.at) * rate.perNanosecond + bucket.tokens < Double(rate.count)
        }
        if buckets.count >= Self.mostBuckets { name = Self.shared }
      }
      var bucket = buckets[name] ?? Bucket(tokens: Double(rate.count), at: now)
      bucket.fill(rate, now)
      guard bucket.tokens >= 1 else {
        buckets[name] = bucket
        return Int64(((1 - bucket.tokens) / rate.perNanosecond).rounded(.up))
      }
      bucket.tokens -= count
      if count > 0 { buckets[name] = bucket }
      return nil
    }
  }
}

/// The limits that the API's callers are held to.
struct RequestLimits: Sendable {
  /// `nil` if there is no limit.
  private let requests: RateLimiter?
  private let failures: RateLimiter?
  private let clock: any WallClock

  init(_ rate: RequestRate?, clock: any WallClock) {
    requests = rate.map { RateLimiter($0) }
    failures = rate == nil ? nil : RateLimiter(.failures)
    self.clock = clock
  }

  /// Before anything is looked up for a request.
  func admit(_ origin: Origin, hasCredentials: Bool) throws(Problem) {
    guard let place = Self.place(of: origin) else { return }
    try take(requests, place)
    if hasCredentials, let failures, let wait = failures.wait(place, now: clock.monotonic) {
      throw Self.problem(wait, failures.rate, "Too many requests of this address bore tokens that are not valid.")
    }
  }

  /// Once it is known who asks.
  func admit(_ actor: Actor, _ origin: Origin) throws(Problem) {
    guard Self.place(of: origin) != nil else { return }
    try take(requests, "caller \(actor.id)")
  }

  /// A token was none.
  func noteFailure(_ origin: Origin) {
    guard let place = Self.place(of: origin) else { return }
    _ = failures?.take(place, now: clock.monotonic)
  }

  private func take(_ limiter: RateLimiter?, _ name: String) throws(Problem) {
    guard let limiter, let wait = limiter.take(name, now: clock.monotonic) else { return }
    throw Self.problem(wait, limiter.rate, "Too many requests: \(limiter.rate) are allowed.")
  }

  /// `nil` for this host and this process, which have other ways to bring the server down. Nobody chooses its network
  /// within a /64, but everybody who has one may choose its address.
  private static func place(of origin: Origin) -> String? {
    guard case .socket(let address, false, _) = origin else { return nil }
    return "address \(address.map(Address.network) ?? "unknown")"
  }

  private static func problem(_ wait: Int64, _ rate: RequestRate, _ detail: String) -> Problem {
    let seconds = max(1, (wait + 999_999_999) / 1_000_000_000)
    return Problem(
      .tooManyRequests, "rate_limited", "\(detail) Wait for \(seconds) s, then try again.",
      headers: [
        .retryAfter: "\(seconds)", HTTPField.Name("RateLimit-Policy")!: "\"default\";q=\(rate.count);w=\(rate.seconds)",
        HTTPField.Name("RateLimit")!: "\"default\";r=0;t=\(seconds)",
      ])
  }
}

/// Addresses as callers are told apart by them.
enum Address {
  /// An IPv6 address by its /64, which is what one customer has.
  static func network(_ text: String) -> String {
    guard let bytes = AddressBlock.bytes(of: text), bytes.count == 16 else { return text }
    return Array(bytes.prefix(8)).hexadecimal + "::/64"
  }
}
