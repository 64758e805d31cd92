import HTTPTypes
import Nightshift
import Synchronization

/// How long requests took, by route and status class: a small number of series, since a route is named by its template.
final class RequestStatistics: Sendable {
  private struct Key: Hashable {
    var method: String
    var route: String
    var status: String
  }

  /// What stands for every path that there is not.
  static let noRoute = "none"
  private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

  private let state = Mutex<[Key: DurationHistogram]>([:])
  private let proxy = Mutex<String?>(nil)

  /// A proxy on this host that we have not been told to trust, if one has sent requests.
  var unknownProxy: String? { proxy.withLock { $0 } }

  func noteUnknownProxy(_ address: String) { proxy.withLock { $0 = address } }

  func record(_ method: HTTPRequest.Method, route: String?, status: Int, microseconds: Int64) {
    let key = Key(
      // A made-up method must not become a series.
      method: Self.methods.contains(method) ? method.rawValue : "other", route: route ?? Self.noRoute,
      status: "\(status / 100)xx")
    state.withLock { $0[key, default: DurationHistogram()].add(microseconds) }
  }

  /// All series, in a stable order.
  var series: [(labels: [(String, String)], histogram: DurationHistogram)] {
    let all = state.withLock { $0 }
    return all.sorted { ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status) }
      .map { key, histogram in
        ([("method", key.method), ("route", key.route), ("status", key.status)], histogram)
      }
  }
}
