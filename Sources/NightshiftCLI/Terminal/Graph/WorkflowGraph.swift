import Nightshift

/// The jobs of a workflow in layers: each stands below all that it waits for.
struct WorkflowGraph {
  /// One box, or a line that passes through a layer on its way further down.
  struct Node {
    var title: String
    var subtitle: String
    var style: Style
    /// The boxes above that it waits for, and those below that wait for it.
    var above: Set<Int> = []
    var below: Set<Int> = []
    var layer = 0
    var isLine = false

    /// Columns, with the border.
    var width: Int { isLine ? 3 : max(TextWidth.of(title), TextWidth.of(subtitle), 3) + 4 }
  }

  private(set) var nodes: [Node] = []
  /// The nodes of each layer, from left to right.
  private(set) var layers: [[Int]] = []

  /// From the answer of `GET /api/workflows/{id}`.
  init(_ workflow: JSONValue) {
    let jobs = workflow.items("jobs")
    var places: [String: Int] = [:]
    for job in jobs {
      let state = job.text("state")
      let isHeld = job["hold"]?["reason"]?.stringValue == "dependencyDied"
      let callback = job["callback"]?.stringValue.map { "on \($0): " } ?? ""
      if places[job.text("id")] == nil { places[job.text("id")] = nodes.count }
      nodes.append(
        Node(
          title: TextWidth.singleLine(job.text("ref")), subtitle: callback + (isHeld ? "on hold" : state),
          style: isHeld ? .yellow : .of(state: state)))
    }
    for edge in workflow.items("edges") {
      guard let job = places[edge.text("job")], let other = places[edge.text("dependsOn")] else { continue }
      nodes[job].above.insert(other)
      nodes[other].below.insert(job)
    }
    groupAlike()
    setLayers()
  }

  /// Makes one box of jobs that wait for the same and are waited for by the same: four charts between a fetch and a mail.
  private mutating func groupAlike() {
    struct Shape: Hashable {
      var above: Set<Int>
      var below: Set<Int>
    }
    let groups = Dictionary(grouping: nodes.indices) { Shape(above: nodes[$0].above, below: nodes[$0].below) }
    var replacement = Array(nodes.indices)
    for (shape, members) in groups where members.count > Self.mostAlike && !(shape.above.isEmpty && shape.below.isEmpty)
    {
      let first = members[0]
      for member in members { replacement[member] = first }
      let counts = Dictionary(grouping: members) { nodes[$0].subtitle }.mapValues(\.count)
      let text = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      nodes[first].title = "\(nodes[first].title) … \(nodes[members.last!].title)"
      nodes[first].subtitle = text.joined(separator: ", ")
      if counts.count > 1 { nodes[first].style = Self.urgent(members.map { nodes[$0].style }) }
    }
    replace(replacement)
  }

  /// So many jobs alike are still shown one by one.
  private static let mostAlike = 4

  private static func urgent(_ styles: [Style]) -> Style {
    [.red, .yellow, .cyan].first { styles.contains($0) } ?? .plain
  }

  private mutating func replace(_ replacement: [Int]) {
    let kept = nodes.indices.filter { replacement[$0] == $0 }
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    nodes = kept.map { index in
      var node = nodes[index]
      node.above = Set(node.above.compactMap { places[replacement[$0]] })
      node.below = Set(node.below.compactMap { places[replacement[$0]] })
      return node
    }
  }

  private mutating func setLayers() {
    // Each round takes those all of whose dependencies have a layer; what a cycle would hide cannot be in the store.
    var open = nodes.map(\.above.count)
    var ready = nodes.indices.filter { open[$0] == 0 }
    while let node = ready.popLast() {
      for next in nodes[node].below {
        nodes[next].layer = max(nodes[next].layer, nodes[node].layer + 1)
        open[next] -= 1
        if open[next] == 0 { ready.append(next) }
      }
    }
    layers = Array(repeating: [], count: (nodes.map(\.layer).max() ?? -1) + 1)
    for index in nodes.indices { layers[nodes[index].layer].append(index) }
  }

  /// Leaves out waits that others imply: what waits for the last of a chain waits for all of it. A callback, which waits
  /// for everything, would else be hung on a line from each box.
  mutating func leaveOutImplied() {
    var reached: [Int: Set<Int>] = [:]
    for layer in layers.reversed() {
      for node in layer {
        let below = nodes[node].below
        let further = below.reduce(into: Set<Int>()) { $0.formUnion(reached[$1]!) }
        reached[node] = further.union(below)
        for implied in below.intersection(further) {
          nodes[node].below.remove(implied)
          nodes[implied].above.remove(node)
        }
      }
    }
  }

  /// Replaces each wait over several layers by a line through those between, so that every wait is from one layer to the
  /// next; then puts the nodes of a layer near those that they wait for.
  mutating func arrange() {
    for index in nodes.indices {
      for target in nodes[index].below.sorted() where nodes[target].layer > nodes[index].layer + 1 {
        lengthen(from: index, to: target)
      }
    }
    for layer in layers.indices.dropFirst() {
      let places = Dictionary(uniqueKeysWithValues: layers[layer - 1].enumerated().map { ($1, Double($0)) })
      let centers = Dictionary(
        uniqueKeysWithValues: layers[layer].map { node in
          let above = nodes[node].above.compactMap { places[$0] }
          return (node, above.isEmpty ? 0 : above.reduce(0, +) / Double(above.count))
        })
      layers[layer].sort { (centers[$0]!, $0) < (centers[$1]!, $1) }
    }
  }

  private mutating func lengthen(from start: Int, to end: Int) {
    nodes[start].below.remove(end)
    nodes[end].above.remove(start)
    var last = start
    for layer in nodes[start].layer + 1..<nodes[end].layer {
      // Lines from one node run together as far as they can.
      let shared = nodes[last].below.first { nodes[$0].isLine && nodes[$0].layer == layer && last != end }
      let line = shared ?? nodes.count
      if shared == nil {
        nodes.append(Node(title: "", subtitle: "", style: .dim, above: [last], layer: layer, isLine: true))
        layers[layer].append(line)
        nodes[last].below.insert(line)
      }
      last = line
    }
    nodes[last].below.insert(end)
    nodes[end].above.insert(last)
  }
}
