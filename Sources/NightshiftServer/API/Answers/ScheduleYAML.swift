import Nightshift

/// Schedules as `scheduler.yaml` has them. JSON is YAML, so that only the outer two levels are written out.
enum ScheduleYAML {
  static func entry(_ record: ScheduleRecord) -> String {
    var text = "\n  \(JSONValue.string(record.name)):"
    // It does not leave as JSON, where all else is redacted.
    let shown = Redactor.current?.answer(record.json) ?? record.json
    let fields = shown.objectValue ?? [:]
    for name in ScheduleDefinition.fields {
      guard let value = fields[name] else { continue }
      text += "\n    \(name): \(value)"
    }
    return text
  }
}
