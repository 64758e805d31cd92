import Nightshift

/// `GET /metrics`: the numbers that a monitoring system collects.
///
/// Labels are queues, kinds, limits, states and outcomes only. Their number is bounded; ids, payloads and the
/// values of limits' keys never become labels.
struct MetricsPage {
  let engine: Engine
  let readiness: ReadinessProbe
  /// Of the requests to this process; `nil` where none are served.
  var statistics: RequestStatistics?

  func render() async throws -> String {
    var text = PrometheusText()
    try await queues(&text)
    try await limits(&text)
    try await totals(&text)
    try await questions(&text)
    try await workers(&text)
    text.value(
      "nightshift_event_subscribers", .gauge, "Streams that receive events from this process.",
      Double(engine.events.subscriberCount))
    let readiness = await readiness.read()
    text.value(
      "nightshift_store_writable", .gauge, "Whether the store can be written to (1) or not (0).",
      readiness.storeIsWritable ? 1 : 0)
    try await process(ofRequests: statistics, &text)
    process(&text)
    return text.text
  }

  private func queues(_ text: inout PrometheusText) async throws {
    let queues = try await engine.queues()
    let now = engine.clock.now
    text.family(
      "nightshift_jobs", .gauge, "Jobs that are kept, by queue and state.",
      queues.flatMap { queue in
        JobState.allCases.map { state in
          ([("queue", queue.name), ("state", state.rawValue)], Double(queue.counts[state] ?? 0))
        }
      })
    text.family(
      "nightshift_queue_oldest_ready_age_seconds", .gauge,
      "How long the job has been due that has waited the longest; 0 when none waits.",
      queues.map { ([("queue", $0.name)], $0.oldestReadyAt.map { max(0, (now - $0).seconds) } ?? 0) })
    text.family(
      "nightshift_queue_paused", .gauge, "Whether the queue is paused (1) or not (0).",
      queues.map { ([("queue", $0.name)], $0.pause == nil ? 0 : 1) })
    let everything = try await engine.pauseOfEverything()
    text.value(
      "nightshift_paused", .gauge, "Whether everything is paused (1) or not (0).", everything == nil ? 0 : 1)
    text.family(
      "nightshift_queue_workers", .gauge, "Live workers that serve the queue.",
      queues.map { ([("queue", $0.name)], Double($0.workers)) })
  }

  private func limits(_ text: inout PrometheusText) async throws {
    let limits = try await engine.limits()
    text.family(
      "nightshift_limit_running_jobs", .gauge, "Jobs that run within the limit, of all values of its key.",
      limits.map { ([("limit", $0.limit.name)], Double($0.running)) })
    text.family(
      "nightshift_limit_held_jobs", .gauge,
      "Jobs that the limit keeps back; \(LimitStatus.mostCounted) stands for as many or more.",
      limits.map { ([("limit", $0.limit.name)], Double($0.held)) })
    let breakers = try await engine.breakers()
    text.family(
      "nightshift_breaker_open", .gauge, "Whether the circuit breaker keeps jobs back (1) or not (0).",
      breakers.map { ([("breaker", $0.state.breaker.name)], $0.phase == .closed ? 0 : 1) })
    text.family(
      "nightshift_breaker_held_jobs", .gauge,
      "Jobs that the circuit breaker keeps back; \(LimitStatus.mostCounted) stands for as many or more.",
      breakers.map { ([("breaker", $0.state.breaker.name)], Double($0.held)) })
    let paused = try await engine.pausedKinds()
    text.family(
      "nightshift_kind_paused", .gauge, "Whether the kind is paused (1) or not (0).",
      try await engine.kinds().map { ([("kind", $0.kind)], paused[$0.kind] == nil ? 0 : 1) })
  }

  private func workers(_ text: inout PrometheusText) async throws {
    let workers = try await engine.workerGroups()
    text.family(
      "nightshift_workers", .gauge, "Live processes, by role and mode.",
      Dictionary(grouping: workers) { [$0.role, $0.mode] }.sorted {
        $0.key.lexicographicallyPrecedes($1.key)
      }
      .map { ([("role", $0.key[0]), ("mode", $0.key[1])], Double($0.value.reduce(0) { $0 + $1.count })) })
    let serving = workers.filter { $0.mode == WorkerMode.running.rawValue }
    text.value(
      "nightshift_worker_slots", .gauge, "Jobs that all running workers can run at the same time.",
      Double(serving.reduce(0) { $0 + $1.slots }))
    text.family(
      "nightshift_build_info", .gauge, "The versions that run; always 1.",
      Set(workers.map(\.version)).sorted().map { ([("version", $0)], 1) })
  }

  private func process(_ text: inout PrometheusText) {
    let process = ProcessStatistics()
    text.value(
      "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", process.residentBytes)
    text.value(
      "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
      process.processorSeconds)
    text.value(
      "process_start_time_seconds", .gauge, "Start time of the process since the Unix epoch in seconds.",
      process.startedAt)
    text.value("process_open_fds", .gauge, "Number of open file descriptors.", process.openFiles)
  }
}
