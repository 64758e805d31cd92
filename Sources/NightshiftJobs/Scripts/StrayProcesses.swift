import Foundation

/// What a script has started outside of its process group (`setsid`, daemons), found by the mark in its environment.
///
/// Looked for only when an attempt was stopped: what a script that ends by itself leaves behind so deliberately is its
/// own affair, and reading `/proc` costs a millisecond or two. A program that clears its environment is not found.
struct StrayProcesses {
  /// The variable that every process of one attempt carries, and no other one does.
  static let variable = "NIGHTSHIFT_RUN"

  private let mark: [UInt8]

  /// `nil` for a program that was started without a mark.
  init?(environment: [String: String]) {
    guard let run = environment[Self.variable] else { return nil }
    mark = Array("\(Self.variable)=\(run)".utf8)
  }

  /// A mark for one more attempt. Random, since an attempt's number would also be borne by a script that was taken over.
  static func newMark() -> String {
    String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// Asks them to end, and tells whether there are any.
  @discardableResult
  func signal(_ number: Int32) -> Bool {
    let pids = find()
    for pid in pids { kill(pid, number) }
    return !pids.isEmpty
  }

  private func find() -> [pid_t] {
    // Without /proc nothing can be found, and the group that was stopped has to do.
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let own = getpid()
    return entries.compactMap { pid_t($0) }.filter { $0 != own && bears(mark, pid: $0) }
  }

  /// A process that has ended, or belongs to somebody else, shows no environment.
  private func bears(_ mark: [UInt8], pid: pid_t) -> Bool {
    guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
    return environment.split(separator: 0).contains { $0.elementsEqual(mark) }
  }
}
