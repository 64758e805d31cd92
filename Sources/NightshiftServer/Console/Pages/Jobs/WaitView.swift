import Nightshift

/// What a job waits for, so that whoever looks at it can do something about it.
struct WaitView: Sendable {
  struct Item: Sendable {
    let text: String
    let path: String?
    /// What stands after it.
    let rest: String
  }

  /// More would push the page down; the sections below have all.
  private static let most = 5

  let label: String
  let items: [Item]

  init?(_ job: JobDetail, _ checkpoints: [Checkpoint]) {
    switch job.summary.state {
    case .waiting:
      let open = checkpoints.filter { $0.state == .pending }
      guard open.isEmpty else {
        label = "It waits for an answer:"
        items = Self.listed(open.map { ($0.title, "/approvals/\($0.id)") })
        return
      }
      let names = Set(job.flow.waits.filter { $0.state == .open }.flatMap(\.names)).sorted()
      guard !names.isEmpty else { return nil }
      label = names.count == 1 ? "It waits for the signal" : "It waits for one of the signals"
      items = Self.listed(names.map { ($0, nil) })
    case .blocked:
      let open = job.ties.dependencies.filter(\.isOpen)
      guard !open.isEmpty else { return nil }
      label = open.count == 1 ? "It waits for the job" : "It waits for the jobs"
      items = Self.listed(open.map { ($0.ref ?? "\($0.id)", "/jobs/\($0.id)") })
    default: return nil
    }
  }

  private static func listed(_ all: [(text: String, path: String?)]) -> [Item] {
    let shown = all.prefix(most)
    let more = all.count - shown.count
    return shown.enumerated().map { index, item in
      let isLast = index == shown.count - 1
      return Item(
        text: item.text, path: item.path, rest: !isLast ? ", " : more > 0 ? " and \(more.grouped) more." : ".")
    }
  }
}
