import Nightshift

/// Draws a workflow's graph with box drawing characters, from top to bottom.
struct GraphDrawing {
  private static let gap = 2
  /// Larger graphs are listed: nobody follows so many lines.
  private static let mostNodes = 80
  /// Where nobody says how wide it may be.
  private static let usualWidth = 120

  private var graph: WorkflowGraph
  private var canvas: GraphCanvas
  /// The left edge of each node.
  private var left: [Int: Int] = [:]
  /// Where the line from above ends at a node.
  private var entries: [Int: Int] = [:]

  /// `nil` if the graph does not fit into so many columns.
  init?(_ graph: WorkflowGraph, width: Int?) {
    guard graph.nodes.count <= Self.mostNodes else { return nil }
    var graph = graph
    graph.leaveOutImplied()
    graph.arrange()
    self.graph = graph
    let widths = graph.layers.map { layer in
      layer.reduce(Self.gap * (layer.count - 1)) { $0 + graph.nodes[$1].width }
    }
    let widest = widths.max() ?? 0
    guard widest <= width ?? Self.usualWidth else { return nil }
    canvas = GraphCanvas(width: widest)
    for (layer, layerWidth) in zip(graph.layers, widths) {
      var x = (widest - layerWidth) / 2
      for node in layer {
        left[node] = x
        x += graph.nodes[node].width + Self.gap
      }
    }
  }

  mutating func lines(isColored: Bool) -> [String] {
    for (index, layer) in graph.layers.enumerated() {
      if index > 0 { connect(graph.layers[index - 1], layer) }
      drawBoxes(layer)
    }
    return canvas.lines(isColored: isColored)
  }

  private func center(_ node: Int) -> Int { left[node]! + graph.nodes[node].width / 2 }

  private func leftmost(_ bus: (parents: [Int], children: [Int])) -> Int {
    (bus.parents + bus.children).map(center).min() ?? 0
  }

  private mutating func drawBoxes(_ layer: [Int]) {
    let top = canvas.addRows(4)
    for index in layer {
      let node = graph.nodes[index]
      let entry = entries[index] ?? center(index)
      guard !node.isLine else {
        for row in top..<top + 4 { canvas.line(row, entry, [.up, .down]) }
        // A line that comes in aside goes on aside.
        left[index] = entry - node.width / 2
        continue
      }
      canvas.box(row: top, column: left[index]!, width: node.width)
      canvas.text(node.title, row: top + 1, column: left[index]! + 2, .bold)
      canvas.text(node.subtitle, row: top + 2, column: left[index]! + 2, node.style)
      if !node.above.isEmpty { canvas.line(top, entry, .up) }
      if !node.below.isEmpty { canvas.line(top + 3, center(index), .down) }
    }
  }

  /// Draws the lines from one layer to the next. Nodes that are waited for by the same ones share a line across.
  private mutating func connect(_ upper: [Int], _ lower: [Int]) {
    let groups = Dictionary(grouping: upper.filter { !graph.nodes[$0].below.isEmpty }) { graph.nodes[$0].below }
    let buses = groups.map { (parents: $1, children: $0.sorted()) }.sorted {
      (leftmost($0), $0.parents[0]) < (leftmost($1), $1.parents[0])
    }
    guard !buses.isEmpty else { return }
    var ports: [Int: Int] = [:]
    for (place, bus) in buses.enumerated() { for parent in bus.parents { ports[center(parent)] = place } }
    for child in lower {
      let own = buses.indices.filter { buses[$0].children.contains(child) }
      // Not in the column of a line that comes down for somebody else.
      let columns = [0, 1, -1].map { center(child) + $0 }
      entries[child] = columns.first { column in ports[column].map { own == [$0] } ?? true } ?? center(child)
    }
    draw(buses)
  }

  /// Each line across gets the first row in which no other is in its way.
  private mutating func draw(_ buses: [(parents: [Int], children: [Int])]) {
    var ends: [Int] = []
    var rows: [Int] = []
    let spans = buses.map { bus in (above: bus.parents.map(center), below: bus.children.map { entries[$0]! }) }
    for span in spans {
      let (first, last) = ((span.above + span.below).min()!, (span.above + span.below).max()!)
      let row = ends.firstIndex { $0 < first - 1 } ?? ends.count
      if row == ends.count { ends.append(last) } else { ends[row] = last }
      rows.append(row)
    }
    let top = canvas.addRows(ends.count)
    for (row, span) in zip(rows, spans) { canvas.bus(row: top + row, from: span.above, to: span.below) }
    for (row, span) in zip(rows, spans) {
      for column in span.above { for above in 0..<row { canvas.pass(top + above, column) } }
      for column in span.below { for below in row + 1..<max(ends.count, row + 1) { canvas.pass(top + below, column) } }
    }
  }
}
