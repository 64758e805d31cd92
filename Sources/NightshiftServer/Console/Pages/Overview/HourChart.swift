import Nightshift

/// A chart of a day by the hour, and the numbers in it as a table.
struct HourChart: Sendable {
  struct Bar: Sendable {
    let x: String
    let goodY: String
    let goodHeight: String
    let badY: String
    let badHeight: String
    let title: String
  }

  struct Hour: Sendable {
    let time: String
    let enqueued: String
    let completed: String
    let failed: String
    let dead: String
    let wait: String
    let run: String
  }

  struct Tick: Sendable {
    let x: String
    let text: String
  }

  static let (width, height) = (720.0, 150.0)
  private static let hourLength = Duration.seconds(3_600)

  let bars: [Bar]
  let ticks: [Tick]
  let most: String
  let hours: [Hour]
  let waitLine: String
  let runLine: String
  let longest: String
  let isEmpty: Bool
  let barWidth: String

  /// - Parameter rows: By the hour; hours without any are missing.
  init(_ rows: [StatsRow], from: Timestamp, hours count: Int) {
    let byHour = Dictionary(rows.compactMap { row in row.from.map { ($0, row) } }) { first, _ in first }
    let slots = (0..<count).map { from + Self.hourLength * $0 }
    let all = slots.map { byHour[$0] }
    let top = max(1, all.map { ($0?.completed ?? 0) + ($0?.failed ?? 0) }.max() ?? 1)
    let step = Self.width / Double(count)
    bars = all.enumerated().compactMap { index, row in
      row.map { Self.bar($0, at: Double(index) * step + 2, top: top, Self.clock(slots[index])) }
    }
    barWidth = Self.text(step - 4)
    ticks = stride(from: 0, to: count, by: 4).map { index in
      Tick(x: Self.text(Double(index) * step), text: Self.clock(slots[index]))
    }
    most = top.grouped
    hours = all.enumerated().reversed().map { index, row in Self.hour(row, Self.clock(slots[index])) }
    let longestTime = max(
      0.001, all.compactMap { $0.map { max($0.meanWait.seconds, $0.meanRun.seconds) } }.max() ?? 0.001)
    longest = Duration.milliseconds(Int(longestTime * 1_000)).forPeople
    waitLine = Self.line(all.map { $0?.meanWait.seconds }, step, longestTime)
    runLine = Self.line(all.map { $0?.meanRun.seconds }, step, longestTime)
    isEmpty = rows.allSatisfy { $0.completed == 0 && $0.failed == 0 && $0.enqueued == 0 }
  }

  private static func bar(_ row: StatsRow, at x: Double, top: Int, _ time: String) -> Bar {
    let good = Double(row.completed) / Double(top) * height
    let bad = row.failed == 0 ? 0 : max(2, Double(row.failed) / Double(top) * height)
    return Bar(
      x: text(x), goodY: text(height - good), goodHeight: text(good), badY: text(max(0, height - good - bad)),
      badHeight: text(bad),
      title: "\(time) UTC: \(row.completed.grouped) completed, \(row.failed.grouped) attempts failed")
  }

  private static func hour(_ row: StatsRow?, _ time: String) -> Hour {
    Hour(
      time: time, enqueued: (row?.enqueued ?? 0).grouped, completed: (row?.completed ?? 0).grouped,
      failed: (row?.failed ?? 0).grouped, dead: (row?.dead ?? 0).grouped, wait: row?.meanWait.forPeople ?? "",
      run: row?.meanRun.forPeople ?? "")
  }

  /// The points of a line; hours without jobs are left out.
  private static func line(_ values: [Double?], _ step: Double, _ top: Double) -> String {
    values.enumerated().compactMap { index, value in
      value.map { "\(text((Double(index) + 0.5) * step)),\(text(height - $0 / top * (height - 6)))" }
    }.joined(separator: " ")
  }

  private static func text(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

  private static func clock(_ moment: Timestamp) -> String { String(moment.rfc3339.dropFirst(11).prefix(5)) }
}
