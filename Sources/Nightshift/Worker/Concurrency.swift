import Foundation

enum Concurrency {
  /// Twice the cores: most handlers wait for something most of the time.
  static var `default`: Int { 2 * ProcessInfo.processInfo.activeProcessorCount }
}
