/// Finds jobs that would wait for each other for ever.
enum DependencyCycle {
  /// The first cycle, from a node back to itself, in the order of waiting; `nil` if there is none.
  ///
  /// Without recursion, since a chain may be as long as a batch.
  static func find<Node: Hashable>(in graph: [Node: [Node]], from starts: [Node]) -> [Node]? {
    var done: Set<Node> = []
    for start in starts where !done.contains(start) {
      var path = [start]
      var onPath: Set<Node> = [start]
      var next = [0]
      while let node = path.last {
        let targets = graph[node] ?? []
        guard next[next.count - 1] < targets.count else {
          done.insert(node)
          onPath.remove(node)
          path.removeLast()
          next.removeLast()
          continue
        }
        let target = targets[next[next.count - 1]]
        next[next.count - 1] += 1
        if onPath.contains(target) { return Array(path.drop { $0 != target }) + [target] }
        guard !done.contains(target) else { continue }
        path.append(target)
        onPath.insert(target)
        next.append(0)
      }
    }
    return nil
  }
}
