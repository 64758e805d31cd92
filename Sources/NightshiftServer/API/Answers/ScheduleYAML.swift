import Nightshift

/// Schedules as `scheduler.yaml` has them. JSON is YAML, so that only the outer two levels are written out.
enum ScheduleYAML {
  static func entry(_ record: ScheduleRecord) -> String {
    var text = "\n  \(JSONValue.string(record.name)):"
    let fields = record.json.objectValue ?? [:]
    for name in ScheduleDefinition.fields {
      guard let value = fields[name] else { continue }
      text += "\n    \(name): \(value)"
    }
    return text
  }
}
