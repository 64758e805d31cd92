import Nightshift

extension ScheduleRecord {
  /// Its definition as whoever asks may see it.
  var shown: JSONValue { Redactor.current?.answer(json) ?? json }
}
