import Logging
import Nightshift
import Testing

@testable import NightshiftJobs

@Suite struct `A line of a script` {
  static let lines: [(String, ScriptLine)] = [
    (#"{"$progress": 0.4, "message": "half"}"#, .progress(0.4, message: "half")),
    (#"{"$progress": 1}"#, .progress(1, message: nil)),
    (#"{"$progress": "1"}"#, .mistake("$progress must be a number from 0 to 1")),
    (#"{"$log": "hello", "level": "error"}"#, .log("hello", .error)),
    (#"{"$log": "hello", "level": "WARN"}"#, .log("hello", .warning)),
    (#"{"$log": {"a": 1}}"#, .log(#"{"a":1}"#, .info)),
    (#"{"$artifact": "a.png", "type": "image/png"}"#, .artifact(path: "a.png", type: "image/png")),
    (#"{"$retryAfter": "5m"}"#, .retryAfter(.seconds(300))),
    (
      #"{"$checkpoint": {"key": "send", "title": "Send?", "data": {"to": "ada"}}}"#,
      .checkpoint(
        CheckpointDraft(
          key: "send", type: .approval, title: "Send?", data: ["to": "ada"], options: CheckpointOptions()))
    ),
    (
      #"{"$checkpoint": {"titel": "Send?"}}"#,
      .refusal(
        "$checkpoint: /titel: is not a known field: did you mean `title`?; "
          + "/title: is missing: the question, in one line")
    ),
    (#"{"$step": "fetch", "result": [1]}"#, .step("fetch", [1])),
    (#"{"$signal": "paid", "timeout": "1h"}"#, .signal(SignalDraft(["paid"], timeout: .seconds(3_600)))),
    (#"{"$signal": ["paid", "refused"]}"#, .signal(SignalDraft(["paid", "refused"]))),
    (#"{"$signal": []}"#, .refusal("$signal: /$signal: must be a name, or a list of 1 to 50 names; got []")),
    (
      #"{"$signal": ["paid", 5]}"#,
      .refusal("$signal: /$signal: must be a name, or a list of 1 to 50 names; got [\"paid\",5]")
    ),
    (
      #"{"$signal": "a#b"}"#,
      .refusal("$signal: /$signal: must have names of 1 to 200 bytes of text without `#` and `~`; got \"a#b\"")
    ),
    (
      #"{"$signal": "paid", "timout": "1s"}"#,
      .refusal("$signal: /timout: is not a known field: did you mean `timeout`?")
    ),
    (
      #"{"$signal": "paid", "timeout": 2}"#,
      .refusal("$signal: /timeout: must be \(DurationText.rule), more than 0; got 2")
    ),
    (#"{"$checkpoint": 5}"#, .refusal("$checkpoint: must be an object with at least `title`")),
    (
      #"{"$checkpoint": {"title": "Send?"}, "expires": "1h"}"#,
      .refusal("$checkpoint: `expires` stands beside it, and must stand in its object")
    ),
    (
      #"{"$checkpoint": {"key": "order#17", "title": "Send?"}}"#,
      .refusal("$checkpoint: /key: must be 1 to 200 bytes of text without `#` and `~`; got \"order#17\"")
    ),
    (
      #"{"$child": {"kind": "render", "payload": {"page": 1}}}"#,
      .child(ChildDraft("render", kind: "render", payload: ["page": 1]))
    ),
    (
      #"{"$child": {"kind": "a b"}}"#,
      .refusal(
        "$child: /kind: must be 1 to 100 of a–z, 0–9, '.', '_' and '-', beginning with a letter or digit; got \"a b\"")
    ),
    (
      #"{"$child": {"knd": "render"}}"#,
      .refusal("$child: /knd: is not a known field: did you mean `kind`?; /kind: is missing: the kind of the job")
    ),
    (#"{"$progres": 1}"#, .mistake("unknown instruction $progres: did you mean $progress?")),
    (#"{"files": 2}"#, .result(#"{"files": 2}"#)),
    ("[1, 2]", .result("[1, 2]")),
    ("[info] starting", .log("[info] starting", .info)),
    ("42", .log("42", .info)),
    ("plain text", .log("plain text", .info)),
  ]

  @Test(arguments: lines)
  func `is read for what it is`(_ text: String, _ line: ScriptLine) {
    #expect(ScriptLine(text) == line)
  }
}

@Suite struct `Lines` {
  @Test func `come whole out of chunks of any size`() {
    var splitter = LineSplitter(limit: 100, remainder: 10)
    var lines: [String] = []
    for byte in "one\r\ntwo\n\nthree ü".utf8 { lines += splitter.append([byte]).map(\.text) }
    lines += splitter.finish().map { [$0.text] } ?? []

    #expect(lines == ["one", "two", "", "three ü"])
  }

  @Test func `that are too long keep their beginning and their length`() {
    var splitter = LineSplitter(limit: 10, remainder: 4)
    var lines = splitter.append(Array("abcdefgh".utf8))
    lines += splitter.append(Array("ijklmnop".utf8))
    lines += splitter.append(Array("qr\nnext\n".utf8))

    #expect(lines == [.init(text: "abcd", cutFrom: 18), .init(text: "next", cutFrom: nil)])
  }

  @Test func `may be exactly as long as the limit`() {
    var splitter = LineSplitter(limit: 4, remainder: 1)

    #expect(splitter.append(Array("abcd\n".utf8)) == [.init(text: "abcd", cutFrom: nil)])
  }
}
