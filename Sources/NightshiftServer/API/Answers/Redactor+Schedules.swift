import Nightshift

extension ScheduleRecord {
  /// Its definition as whoever asks may see it.
  var shown: JSONValue { Redactor.current?.answer(json) ?? json }
}

extension APIRequest {
  /// Fields of a schedule that were edited by somebody who was not shown all of them.
  func restored(_ edited: JSONValue, of record: ScheduleRecord) -> JSONValue {
    guard let redactor = Redactor.current, case .object(var fields) = edited else { return edited }
    let (original, shown) = (record.json, record.shown)
    if let payload = fields["payload"], let former = original["payload"] {
      fields["payload"] = redactor.restored(payload, from: former)
    }
    // These may repeat what the payload hides, and are texts.
    for name in ["limitKey", "tags"] where fields[name] != nil && fields[name] == shown[name] {
      fields[name] = original[name]
    }
    return .object(fields)
  }
}
