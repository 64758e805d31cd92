import Logging
import Nightshift

/// One line of a script's standard output.
enum ScriptLine: Hashable {
  /// `{"$progress": 0.4, "message": "…"}`
  case progress(Double, message: String?)
  /// `{"$log": "…", "level": "…"}`, or text that is nothing else.
  case log(String, Logger.Level)
  /// `{"$artifact": "file", "type": "…"}`
  case artifact(path: String, type: String?)
  /// `{"$retryAfter": "5m"}`
  case retryAfter(Duration)
  /// `{"$checkpoint": {"key": "send", "title": "…", …}}`
  case checkpoint(CheckpointDraft)
  /// `{"$step": "name", "result": …}`
  case step(String, JSONValue)
  /// `{"$signal": "paid", "timeout": "1h"}`, or a list of names
  case signal(SignalDraft)
  /// `{"$child": {"name": "page 1", "kind": "render-page", "payload": …}}`
  case child(ChildDraft)
  /// JSON without `$`: the result, if no other comes after it.
  case result(String)
  /// A line that wants to be one of these and is not: what is wrong.
  case mistake(String)
  /// One that wants to ask for something that its job is to wait for, and asks for nothing: what is wrong.
  case refusal(String)

  private static let instructions = [
    "$progress", "$log", "$artifact", "$retryAfter", "$checkpoint", "$step", "$signal", "$child",
  ]

  /// Reads a line. It never fails: what is not understood is log.
  init(_ line: String) {
    // Only these begin an object or a list, and most lines are text: a bare number or word in quotes is taken
    // for text too, since scripts print such things without meaning a result.
    let start = line.utf8.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    guard start == UInt8(ascii: "{") || start == UInt8(ascii: "[") else {
      self = .log(line, .info)
      return
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line.utf8)
    } catch {
      // A bracket begins many an ordinary line ("[info] …").
      self = .log(line, .info)
      return
    }
    guard let fields = value.objectValue, let instruction = fields.keys.filter({ $0.hasPrefix("$") }).min()
    else {
      self = .result(line)
      return
    }
    self = Self.read(instruction, fields)
  }

  private static func read(_ instruction: String, _ fields: [String: JSONValue]) -> ScriptLine {
    switch instruction {
    case "$progress":
      guard let fraction = fields[instruction]?.doubleValue else {
        return .mistake("$progress must be a number from 0 to 1")
      }
      return .progress(fraction, message: fields["message"]?.stringValue)
    case "$log":
      return log(fields)
    case "$artifact":
      guard let path = fields[instruction]?.stringValue, !path.isEmpty else {
        return .mistake("$artifact must be the name of a file")
      }
      return .artifact(path: path, type: fields["type"]?.stringValue)
    case "$retryAfter":
      guard let text = fields[instruction]?.stringValue, let wait = Duration(text: text) else {
        return .mistake("$retryAfter must be \(DurationText.rule)")
      }
      return .retryAfter(wait)
    case "$checkpoint": return checkpoint(fields)
    case "$step":
      guard let name = fields[instruction]?.stringValue else { return .mistake("$step must be the name of a step") }
      return .step(name, fields["result"] ?? .null)
    case "$signal": return signal(fields)
    case "$child": return child(fields)
    default:
      let nearest = Spelling.nearest(to: instruction, among: instructions)
      let remedy = nearest.map { "did you mean \($0)?" } ?? "known are \(instructions.joined(separator: ", "))"
      let message = "unknown instruction \(instruction): \(remedy)"
      return ["$checkpoint", "$signal", "$child"].contains(nearest) ? .refusal(message) : .mistake(message)
    }
  }

  private static func checkpoint(_ fields: [String: JSONValue]) -> ScriptLine {
    if let fault = stray(beside: "$checkpoint", fields) { return .refusal(fault) }
    do {
      return .checkpoint(try CheckpointReader.read(fields["$checkpoint"] ?? .null))
    } catch {
      return .refusal("$checkpoint: \(error)")
    }
  }

  private static func child(_ fields: [String: JSONValue]) -> ScriptLine {
    if let fault = stray(beside: "$child", fields) { return .refusal(fault) }
    do {
      return .child(try ChildDraft(reading: fields["$child"] ?? .null))
    } catch {
      return .refusal("$child: \(error)")
    }
  }

  private static func signal(_ fields: [String: JSONValue]) -> ScriptLine {
    do {
      return .signal(try SignalDraft(reading: fields))
    } catch {
      return .refusal("$signal: \(error)")
    }
  }

  /// Nobody would look at what stands beside these.
  private static func stray(beside instruction: String, _ fields: [String: JSONValue]) -> String? {
    let stray = fields.keys.filter { $0 != instruction }.min()
    return stray.map { "\(instruction): `\($0)` stands beside it, and must stand in its object" }
  }

  private static func log(_ fields: [String: JSONValue]) -> ScriptLine {
    let message = fields["$log"].map { $0.stringValue ?? $0.description } ?? ""
    guard let word = fields["level"]?.stringValue?.lowercased() else { return .log(message, .info) }
    // Half of the world says "warn".
    let level = word == "warn" ? Logger.Level.warning : Logger.Level(rawValue: word)
    return .log(message, level ?? .info)
  }
}
