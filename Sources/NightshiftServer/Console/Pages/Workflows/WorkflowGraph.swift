import Nightshift

/// The jobs of a workflow and what ties them, as a drawing: each job in a column to the right of all that it waits for.
struct WorkflowGraph: Sendable {
  struct Node: Sendable {
    let path: String
    let label: String
    let name: String
    let word: String
    let tone: String
    let x: Int
    let y: Int
    let textX: Int
    let textY: Int
    let wordY: Int
    let isHeld: Bool
    let isCallback: Bool
  }

  struct Edge: Sendable {
    let line: String
    let isOpen: Bool
  }

  static let (width, height) = (190, 46)
  private static let (columnGap, rowGap, margin) = (70, 14, 6)
  /// More would be a picture that nobody can read; the list has them all.
  static let most = 300
  /// So often the rows are put in order by what they are tied to.
  private static let sweeps = 4

  let nodes: [Node]
  let edges: [Edge]
  let boxWidth: Int
  let boxHeight: Int
  let isTooLarge: Bool

  init(_ workflow: WorkflowDetail) {
    isTooLarge = workflow.jobs.count > Self.most
    let jobs = isTooLarge ? [] : workflow.jobs
    let places = Dictionary(jobs.enumerated().map { ($1.id, $0) }) { first, _ in first }
    let ties = workflow.edges.compactMap { edge -> (from: Int, to: Int, isOpen: Bool)? in
      guard let to = places[edge.job], let from = places[edge.dependsOn], from != to else { return nil }
      return (from, to, edge.isOpen)
    }
    let columns = Self.columns(count: jobs.count, ties.map { ($0.from, $0.to) })
    let most = columns.map(\.count).max() ?? 0
    boxWidth = columns.count * (Self.width + Self.columnGap) - Self.columnGap + 2 * Self.margin
    boxHeight = most * (Self.height + Self.rowGap) - Self.rowGap + 2 * Self.margin
    var corners = [(x: Int, y: Int)](repeating: (0, 0), count: jobs.count)
    for (column, rows) in columns.enumerated() {
      let all = rows.count * (Self.height + Self.rowGap) - Self.rowGap
      for (row, job) in rows.enumerated() {
        corners[job] = (
          Self.margin + column * (Self.width + Self.columnGap),
          (boxHeight - all) / 2 + row * (Self.height + Self.rowGap)
        )
      }
    }
    nodes = jobs.indices.map { Self.node(jobs[$0], corners[$0]) }
    edges = ties.map { tie in Self.edge(corners[tie.from], corners[tie.to], isOpen: tie.isOpen) }
  }

  /// Which jobs stand in which column, and in which order.
  static func columns(count: Int, _ ties: [(from: Int, to: Int)]) -> [[Int]] {
    var before = [[Int]](repeating: [], count: count)
    var after = before
    for tie in ties {
      before[tie.to].append(tie.from)
      after[tie.from].append(tie.to)
    }
    // The longest way to each: a job is looked at once all that it waits for have been.
    var (depth, missing) = ([Int](repeating: 0, count: count), before.map(\.count))
    var open = missing.indices.filter { missing[$0] == 0 }
    while let job = open.popLast() {
      for next in after[job] {
        depth[next] = max(depth[next], depth[job] + 1)
        missing[next] -= 1
        if missing[next] == 0 { open.append(next) }
      }
    }
    var columns = [[Int]](repeating: [], count: (depth.max() ?? -1) + 1)
    for job in 0..<count { columns[depth[job]].append(job) }
    for sweep in 0..<sweeps { sort(&columns, by: sweep.isMultiple(of: 2) ? before : after) }
    return columns
  }

  /// Puts each job at about the height of what it is tied to, so that fewer lines cross.
  private static func sort(_ columns: inout [[Int]], by neighbours: [[Int]]) {
    for column in columns.indices {
      var heights: [Int: Double] = [:]
      for rows in columns {
        for (row, job) in rows.enumerated() { heights[job] = (Double(row) + 0.5) / Double(rows.count) }
      }
      let wanted = columns[column].map { job -> (job: Int, height: Double) in
        let tied = neighbours[job].compactMap { heights[$0] }
        return (job, tied.isEmpty ? heights[job] ?? 0 : tied.reduce(0, +) / Double(tied.count))
      }
      columns[column] = wanted.sorted { ($0.height, $0.job) < ($1.height, $1.job) }.map(\.job)
    }
  }

  private static func node(_ job: WorkflowJob, _ corner: (x: Int, y: Int)) -> Node {
    let word = job.hold == nil ? job.state.rawValue : "\(job.state.rawValue), on hold"
    return Node(
      path: "/jobs/\(job.id)", label: job.ref.count > 22 ? "\(job.ref.prefix(21))…" : job.ref,
      name: "\(job.ref): \(job.kind), \(word)", word: word, tone: job.state.rawValue, x: corner.x, y: corner.y,
      textX: corner.x + 30, textY: corner.y + 20, wordY: corner.y + 37, isHeld: job.hold != nil,
      isCallback: job.callback != nil)
  }

  private static func edge(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), isOpen: Bool) -> Edge {
    let (x1, y1) = (from.x + width, from.y + height / 2)
    let (x2, y2) = (to.x, to.y + height / 2)
    let half = (x1 + x2) / 2
    return Edge(line: "M\(x1) \(y1)C\(half) \(y1) \(half) \(y2) \(x2) \(y2)", isOpen: isOpen)
  }
}
