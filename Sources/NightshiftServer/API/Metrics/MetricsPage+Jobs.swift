import Nightshift

extension MetricsPage {
  /// Counters since the beginning, and how long jobs waited and ran: of all processes, as the store has them.
  func totals(_ text: inout PrometheusText) async throws {
    let totals = try await engine.totals()
    func grouped(_ name: (String, String) -> String) -> [(name: String, counts: JobCounts)] {
      var groups: [String: JobCounts] = [:]
      for row in totals {
        groups[name(row.queue, row.kind), default: JobCounts()] =
          (groups[name(row.queue, row.kind)] ?? JobCounts()).adding(row.counts)
      }
      return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    counters(&text, "queue", grouped { queue, _ in queue })
    counters(&text, "kind", grouped { _, kind in kind })
    let durations = try await engine.durations()
    text.histograms(
      "nightshift_job_wait_seconds", "How long jobs had been due when an attempt began, by queue and kind.",
      bounds: PrometheusText.jobBounds, PrometheusText.bounded(durations.waits))
    text.histograms(
      "nightshift_job_duration_seconds", "How long attempts took, by queue and kind.",
      bounds: PrometheusText.jobBounds, PrometheusText.bounded(durations.attempts))
  }

  private func counters(
    _ text: inout PrometheusText, _ label: String, _ rows: [(name: String, counts: JobCounts)]
  ) {
    text.family(
      "nightshift_\(label)_jobs_enqueued_total", .counter, "Jobs added, by \(label).",
      rows.map { ([(label, $0.name)], Double($0.counts.enqueued)) })
    text.family(
      "nightshift_\(label)_jobs_finished_total", .counter, "Jobs ended, by \(label) and outcome.",
      rows.flatMap { name, counts in
        [("completed", counts.completed), ("dead", counts.dead), ("cancelled", counts.cancelled)].map {
          outcome, count in
          ([(label, name), ("outcome", outcome)], Double(count))
        }
      })
    text.family(
      "nightshift_\(label)_attempts_failed_total", .counter, "Attempts that failed, by \(label).",
      rows.map { ([(label, $0.name)], Double($0.counts.failed)) })
  }

  /// What waits for a person, and whether schedules keep time.
  func questions(_ text: inout PrometheusText) async throws {
    let now = engine.clock.now
    let open = try await engine.openQuestions()
    text.family(
      "nightshift_checkpoints_waiting", .gauge, "Questions that nobody has answered yet, by type.",
      CheckpointType.allCases.map { type in
        let found = open.first { $0.type == type.rawValue }
        return ([("type", type.rawValue)], Double(found?.count ?? 0))
      })
    text.family(
      "nightshift_checkpoint_oldest_age_seconds", .gauge,
      "How long the question has been open that has waited the longest; 0 when none waits.",
      CheckpointType.allCases.map { type in
        let oldest = open.first { $0.type == type.rawValue }?.oldest
        return ([("type", type.rawValue)], oldest.map { max(0, (now - $0).seconds) } ?? 0)
      })
    let schedules = try await engine.scheduleReading()
    text.value(
      "nightshift_schedules_enabled", .gauge, "Schedules that are to fire.", Double(schedules.enabled))
    text.value(
      "nightshift_schedules_broken", .gauge, "Schedules that cannot fire, since something about them is wrong.",
      Double(schedules.broken))
    text.value(
      "nightshift_schedule_lag_seconds", .gauge,
      "How late the schedule is that should have fired first; 0 when none is late.",
      schedules.next.map { max(0, (now - $0).seconds) } ?? 0)
  }

  /// Requests to this process, and what went out of it to tracing and error tracking.
  func process(ofRequests statistics: RequestStatistics?, _ text: inout PrometheusText) async throws {
    text.histograms(
      "nightshift_http_request_duration_seconds",
      "How long requests took until the answer began, by method, route and status class, in this process.",
      bounds: PrometheusText.requestBounds, statistics?.series ?? [])
    let signals = engine.configuration.observer?.signals ?? []
    text.family(
      "nightshift_telemetry_sent_total", .counter, "Spans and error reports that this process delivered.",
      signals.map { ([("signal", $0.name)], Double($0.sent)) })
    text.family(
      "nightshift_telemetry_dropped_total", .counter, "Measurements, spans and error reports that were lost.",
      [([("signal", "profile")], Double(engine.droppedMeasurements))]
        + signals.map { ([("signal", $0.name)], Double($0.dropped)) })
    text.family(
      "nightshift_telemetry_waiting", .gauge, "Spans and error reports that wait to be sent.",
      signals.map { ([("signal", $0.name)], Double($0.waiting)) })
    let slow = try await engine.slowThresholds().values.sorted { $0.kind < $1.kind }
    text.family(
      "nightshift_kind_slow", .gauge, "Whether a kind that is watched is slower than its bound (1) or not (0).",
      slow.map { ([("kind", $0.kind)], $0.slowSince == nil ? 0 : 1) })
  }
}
