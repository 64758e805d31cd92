import Nightshift

/// A job between those that it waits for and those that wait for it, as a drawing.
struct TieGraph: Sendable {
  struct Node: Sendable {
    let path: String
    let label: String
    let tone: String
    let word: String
    let x: Int
    let y: Int
    let textX: Int
    let textY: Int
    let wordY: Int
    let isHere: Bool
  }

  struct Edge: Sendable {
    let line: String
    let isOpen: Bool
  }

  static let (width, height, gap) = (190, 46, 14)
  private static let columnGap = 90
  /// More would be a picture that nobody can read; the list beside it has them all.
  private static let most = 12

  let nodes: [Node]
  let edges: [Edge]
  let boxWidth: Int
  let boxHeight: Int
  let more: String?

  init?(_ job: JobDetail) {
    let ties = job.ties
    guard !ties.dependencies.isEmpty || !ties.dependants.isEmpty else { return nil }
    let left = Array(ties.dependencies.prefix(Self.most))
    let right = Array(ties.dependants.prefix(Self.most))
    let rows = max(left.count, right.count, 1)
    boxHeight = rows * (Self.height + Self.gap) + Self.gap
    let columns: [Int?] = [left.isEmpty ? nil : 0, left.isEmpty ? 0 : 1, right.isEmpty ? nil : left.isEmpty ? 1 : 2]
    boxWidth = (columns.compactMap(\.self).max()! + 1) * (Self.width + Self.columnGap) - Self.columnGap + 4
    let middle = (boxHeight - Self.height) / 2
    let hereX = Self.x(columns[1]!)
    var nodes = [Self.node(job.summary.kind, "/jobs/\(job.summary.id)", job.summary.state, hereX, middle, isHere: true)]
    var edges: [Edge] = []
    for (index, other) in left.enumerated() {
      let (x, y) = (Self.x(0), Self.y(index, of: left.count, in: boxHeight))
      nodes.append(Self.node(other, x, y))
      edges.append(Self.edge(from: (x, y), to: (hereX, middle), isOpen: other.isOpen))
    }
    for (index, other) in right.enumerated() {
      let (x, y) = (Self.x(columns[2]!), Self.y(index, of: right.count, in: boxHeight))
      nodes.append(Self.node(other, x, y))
      edges.append(Self.edge(from: (hereX, middle), to: (x, y), isOpen: other.isOpen))
    }
    (self.nodes, self.edges) = (nodes, edges)
    let hidden = ties.dependencyCount - left.count + ties.dependantCount - right.count
    more = hidden > 0 ? "and \(hidden.grouped) more" : nil
  }

  private static func x(_ column: Int) -> Int { 2 + column * (width + columnGap) }

  private static func y(_ index: Int, of count: Int, in box: Int) -> Int {
    let all = count * (height + gap) - gap
    return (box - all) / 2 + index * (height + gap)
  }

  private static func node(_ other: JobTies.Other, _ x: Int, _ y: Int) -> Node {
    node(other.ref ?? "\(other.id)", "/jobs/\(other.id)", other.state, x, y, isHere: false)
  }

  private static func node(
    _ label: String, _ path: String, _ state: JobState?, _ x: Int, _ y: Int, isHere: Bool
  ) -> Node {
    Node(
      path: path, label: label.count > 22 ? "\(label.prefix(21))…" : label, tone: state?.rawValue ?? "cancelled",
      word: state?.rawValue ?? "not there any more", x: x, y: y, textX: x + 14, textY: y + 20, wordY: y + 37,
      isHere: isHere)
  }

  private static func edge(from: (Int, Int), to: (Int, Int), isOpen: Bool) -> Edge {
    let (x1, y1) = (from.0 + width, from.1 + height / 2)
    let (x2, y2) = (to.0, to.1 + height / 2)
    let half = (x1 + x2) / 2
    return Edge(line: "M\(x1) \(y1)C\(half) \(y1) \(half) \(y2) \(x2) \(y2)", isOpen: isOpen)
  }
}
