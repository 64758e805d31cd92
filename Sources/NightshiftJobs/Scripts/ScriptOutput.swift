import Logging
import Nightshift

/// Understands what a script writes, and passes it on as it comes.
struct ScriptOutput {
  /// A longer line can hold no result; what is logged of it the job's log would cut anyway.
  static let lineLimit = 1 << 20
  private static let keptOfLongLine = 8 << 10
  private static let errorTailLimit = 16 << 10

  private let reporter: any ScriptReporter
  private let folders: [String]
  private var output = LineSplitter(limit: lineLimit, remainder: keptOfLongLine)
  private var error = LineSplitter(limit: keptOfLongLine, remainder: keptOfLongLine)
  private var tail: [UInt8] = []
  private var isResultTooLong = false

  /// The last line that was JSON without `$`.
  private(set) var result: String?
  /// Whether it has asked for something that it is to wait for.
  private(set) var mustWait = false
  /// Whether something that it asks was answered since it began, and is not in its context.
  private(set) var wasAnswered = false
  /// What people have said to what it asks again: no, or nothing in time.
  private(set) var no: (any Error)?
  /// What is wrong with a line that was to ask for such a thing.
  private(set) var refusal: String?
  /// When to come back, as the script has said last.
  private(set) var retryAfter: Duration?

  /// - Parameter folders: Where artifacts may lie.
  init(reporter: any ScriptReporter, artifactFolders folders: [String]) {
    self.reporter = reporter
    self.folders = folders
  }

  /// The end of what was written to standard error.
  var errorTail: String {
    let bytes = tail.suffix(Self.errorTailLimit)
    // A tail may begin within a character.
    return String(decoding: bytes.drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
  }

  mutating func takeOutput(_ bytes: [UInt8]) async throws {
    for line in output.append(bytes) { try await take(line) }
  }

  mutating func takeError(_ bytes: [UInt8]) {
    tail.append(contentsOf: bytes)
    if tail.count > 4 * Self.errorTailLimit { tail.removeFirst(tail.count - Self.errorTailLimit) }
    for line in error.append(bytes) { log(line) }
  }

  /// Takes what has begun and will not go on.
  mutating func finish() async throws {
    if let line = output.finish() { try await take(line) }
    if let line = error.finish() { log(line) }
  }

  /// The result's JSON, of a script that has done its work.
  func checkedResult() throws -> [UInt8]? {
    guard !isResultTooLong else {
      let limit = ByteSize.text(Self.lineLimit)
      throw PermanentFailure(
        "its result is longer than \(limit): write it to a file, and keep that with {\"$artifact\": …}"
      )
    }
    return result.map { Array($0.utf8) }
  }

  private func log(_ line: LineSplitter.Line) {
    guard !line.text.isEmpty else { return }
    reporter.log(line.loggedText, level: .warning)
  }

  private mutating func take(_ line: LineSplitter.Line) async throws {
    guard line.cutFrom == nil else {
      reporter.log(line.loggedText, level: .warning)
      isResultTooLong = line.text.hasPrefix("{") || line.text.hasPrefix("[")
      return
    }
    guard !line.text.isEmpty else { return }
    switch ScriptLine(line.text) {
    case .progress(let fraction, let message):
      reporter.progress(fraction, message)
    case .log(let message, let level):
      reporter.log(message, level: level)
    case .artifact(let path, let type):
      let file = try ArtifactFile(path, in: folders)
      try await reporter.attach(file.name, type: type ?? MediaType.of(file.name), file.bytes)
    case .retryAfter(let wait):
      retryAfter = wait
    case .checkpoint(let draft):
      try await ask(draft, line)
    case .step(let name, let result):
      try await reporter.keep(step: name, result: result)
    case .child(let draft):
      if try await reporter.childLater(draft) { mustWait = true }
    case .signal(let draft):
      reporter.waitFor(draft)
      mustWait = true
    case .result(let json):
      // The one before was only a line of the log after all.
      if let result { reporter.log(result, level: .info) }
      result = json
      isResultTooLong = false
    case .mistake(let message):
      warn(message, line)
    case .refusal(let message):
      refuse(message, line)
    }
  }

  private mutating func ask(_ draft: CheckpointDraft, _ line: LineSplitter.Line) async throws {
    do {
      switch try await reporter.checkpoint(draft) {
      case .open: mustWait = true
      case .answered: wasAnswered = true
      case .none: break
      }
    } catch let error as FlowError {
      refuse("$checkpoint: \(error)", line)
    } catch let error where error is Rejection || error is CheckpointExpired {
      // It has the answer in its context, and may yet end in a way of its own.
      no = no ?? error
    }
  }

  private mutating func refuse(_ message: String, _ line: LineSplitter.Line) {
    refusal = refusal ?? message
    warn(message, line)
  }

  private func warn(_ message: String, _ line: LineSplitter.Line) {
    reporter.log("\(message); the line was: \(line.text.prefix(200))", level: .warning)
  }
}

extension LineSplitter.Line {
  /// The text, with a note where something was cut off.
  fileprivate var loggedText: String {
    cutFrom.map { "\(text)… (a line of \($0) bytes, cut)" } ?? text
  }
}
