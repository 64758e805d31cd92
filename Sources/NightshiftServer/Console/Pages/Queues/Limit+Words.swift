import Nightshift

extension Limit {
  /// What it allows, in words: `4 at a time and 100 a minute for each value of /customer`.
  var words: String {
    var parts: [String] = []
    if let concurrency { parts.append("\(concurrency.grouped) at a time") }
    if let rate {
      let spread = rate.spread == .smooth ? ", evenly spread" : ""
      parts.append("\(rate.count.grouped) every \(rate.period.forPeople)\(spread)")
    }
    let all = parts.isEmpty ? "takes turns" : parts.joined(separator: " and ")
    switch key {
    case nil: return all
    case .key: return "\(all) for each limit key"
    case .organization: return "\(all) for each organization"
    case .owner: return "\(all) for each owner"
    case .payload(let pointer): return "\(all) for each \(pointer.isEmpty ? "payload" : "value of \(pointer)")"
    }
  }

  /// Which jobs it covers, in words.
  var scope: String {
    let queues = queues.map(\.rawValue).sorted().joined(separator: ", ")
    let kinds = kinds.map(\.rawValue).sorted().joined(separator: ", ")
    switch (queues.isEmpty, kinds.isEmpty) {
    case (true, true): return "all jobs"
    case (false, true): return "the queues \(queues)"
    case (true, false): return "the kinds \(kinds)"
    case (false, false): return "the kinds \(kinds) in \(queues)"
    }
  }
}
