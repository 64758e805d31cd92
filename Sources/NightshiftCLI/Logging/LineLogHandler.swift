import Foundation
import Logging
import Nightshift
import NightshiftTelemetry

/// Writes each log event as one line to standard error: logfmt for people, JSON for programs.
struct LineLogHandler: LogHandler {
  enum Format: String, Sendable { case logfmt, json }

  let label: String
  let format: Format
  var isColored = false
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  init(label: String, format: Format, level: Logger.Level, isColored: Bool = false) {
    self.label = label
    self.format = format
    self.isColored = isColored
    logLevel = level
    metadataProvider = .multiplex([.nightshift, .trace])
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata
    if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
    if let own = event.metadata { fields.merge(own) { $1 } }
    if let error = event.error { fields["error"] = "\(error)" }
    let sorted = fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let message = event.message.description
    let line =
      switch format {
      case .logfmt: LogLineText.logfmt(event.level, message, sorted, at: Date(), isColored: isColored)
      case .json: LogLineText.json(event.level, message, sorted, at: Date(), label: label)
      }
    Output.write(line + "\n", to: STDERR_FILENO)
  }
}
