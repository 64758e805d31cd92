import Nightshift

/// Draws a workflow's graph with box drawing characters, from top to bottom.
struct GraphDrawing {
  private static let gap = 2
  /// Larger graphs are listed: nobody follows so many lines.
  private static let mostNodes = 80

  private var graph: WorkflowGraph
  private var canvas: GraphCanvas
  /// The left edge of each node.
  private var left: [Int: Int] = [:]
  /// Where the line from above ends at a node.
  private var entries: [Int: Int] = [:]

  /// `nil` if the graph does not fit into so many columns.
  init?(_ graph: WorkflowGraph, width: Int?) {
    var graph = graph
    graph.arrange()
    self.graph = graph
    let widths = graph.layers.map { layer in
      layer.reduce(Self.gap * (layer.count - 1)) { $0 + graph.nodes[$1].width }
    }
    let widest = widths.max() ?? 0
    guard graph.nodes.count <= Self.mostNodes, widest <= width ?? 120 else { return nil }
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
      center($0.parents[0]) < center($1.parents[0])
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
    let top = canvas.addRows(buses.count)
    for (place, bus) in buses.enumerated() {
      let above = bus.parents.map(center)
      let below = bus.children.map { entries[$0]! }
      canvas.bus(row: top + place, from: above, to: below)
    }
    for (place, bus) in buses.enumerated() {
      for parent in bus.parents { for row in top..<top + place { canvas.pass(row, center(parent)) } }
      for child in bus.children {
        for row in (top + place + 1)..<(top + buses.count) {
          canvas.pass(row, entries[child]!)
        }
      }
    }
  }
}
