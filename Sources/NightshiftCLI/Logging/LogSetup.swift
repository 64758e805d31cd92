import Logging

/// Sends all logging of the process through ``LineLogHandler``.
enum LogSetup {
  /// Once per process. `quietLevel` is used when nobody has set a level.
  @discardableResult
  static func start(_ settings: Settings, terminal: Terminal, quietLevel: Logger.Level? = nil) -> Logger {
    let isSet = settings[.logLevel]?.origin != .standard
    let level = Logger.Level(rawValue: settings.required(.logLevel)) ?? .info
    let chosen = isSet ? level : quietLevel ?? level
    let format = LineLogHandler.Format(rawValue: settings.required(.logFormat)) ?? automatic(terminal)
    let isColored = format == .logfmt && terminal.colorsErrors
    LoggingSystem.bootstrap { label in
      LineLogHandler(label: label, format: format, level: chosen, isColored: isColored)
    }
    return Logger(label: "nightshift")
  }

  private static func automatic(_ terminal: Terminal) -> LineLogHandler.Format {
    terminal.isErrorTerminal ? .logfmt : .json
  }
}
