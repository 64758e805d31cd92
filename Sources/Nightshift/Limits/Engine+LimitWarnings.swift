import Synchronization

extension Engine {
  /// Names in a limit that nobody knows. That is no fault, since a limit may come before its queue or its kind; but most
  /// often it is a slip, and then it limits nothing.
  package func warnings(about limit: Limit) -> [LimitError.Fault] {
    unknownQueues(limit.queues) + unknownKinds(limit.kinds)
  }

  /// Names in a breaker that nobody knows; see ``warnings(about:)-(Limit)``.
  package func warnings(about breaker: CircuitBreaker) -> [LimitError.Fault] { unknownKinds(breaker.kinds) }

  private func unknownQueues(_ queues: Set<QueueName>) -> [LimitError.Fault] {
    let known = caches.withLock { caches in
      caches.queues.union(caches.kinds.values.map(\.queue.rawValue)).union([QueueName.default.rawValue])
    }
    return unknown(queues.map(\.rawValue), among: known).map { queue, hint in
      LimitError.Fault(pointer: "#/queues", message: "no job has ever been in the queue `\(queue)`\(hint)")
    }
  }

  private func unknownKinds(_ kinds: Set<JobKind>) -> [LimitError.Fault] {
    let known = caches.withLock { Set($0.kinds.keys) }
    return unknown(kinds.map(\.rawValue), among: known).map { kind, hint in
      LimitError.Fault(pointer: "#/kinds", message: "no worker has ever registered the kind `\(kind)`\(hint)")
    }
  }

  private func unknown(_ names: [String], among known: Set<String>) -> [(name: String, hint: String)] {
    names.filter { !known.contains($0) }.sorted().map { name in
      (name, Spelling.nearest(to: name, among: known.sorted()).map { "; did you mean `\($0)`?" } ?? "")
    }
  }
}
