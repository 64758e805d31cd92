import ArgumentParser
import Nightshift

/// `nightshift config`
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show each setting, its value and where it came from.",
    usage: "nightshift config [<options>]")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let settings = try shared.settings()
    let output = shared.output
    if output.isJSON { return output.json(Self.json(settings)) }
    var table = Table([
      .text("SETTING"), .flexible("VALUE"), .flexible("FROM"), .text("ENVIRONMENT").optional,
    ])
    for key in SettingKey.allCases {
      let origin = settings[key]?.origin
      let isSet = origin != nil && origin != .standard
      table.add([
        .init(key.rawValue), .init(settings.shown(key) ?? "–", isSet ? .bold : .plain),
        .init(origin?.description ?? "not set", isSet ? .cyan : .dim), .init(key.environmentName, .dim),
      ])
    }
    output.table(table, whenEmpty: "")
  }

  private static func json(_ settings: Settings) -> JSONValue {
    .array(
      SettingKey.allCases.map { key in
        [
          "key": .string(key.rawValue), "environment": .string(key.environmentName),
          "value": settings.shown(key).map { .string($0) } ?? .null,
          "origin": .string(settings[key]?.origin.description ?? "not set"),
        ]
      })
  }
}
