import Foundation
import Logging
import Nightshift
import Testing

@testable import NightshiftCLI

@Suite struct `A log line` {
  private static let moment = Date(timeIntervalSince1970: 1_767_268_800.125)
  private static let nasty = "two\nlines \"and\" \\ \u{1B}[31m\u{7F}\u{9B}\u{2028}end\r\t"

  private func json(_ message: String, _ fields: [LogLineText.Field] = []) -> String {
    LogLineText.json(.warning, message, fields, at: Self.moment, label: "nightshift")
  }

  private func logfmt(_ message: String, _ fields: [LogLineText.Field] = []) -> String {
    LogLineText.logfmt(.warning, message, fields, at: Self.moment, isColored: false)
  }

  @Test func `in JSON begins with time, level, logger and message`() {
    #expect(
      json("it broke", [("job", "job_1"), ("n", .stringConvertible(3))])
        == #"{"ts":"2026-01-01T12:00:00.125Z","level":"warning","logger":"nightshift","msg":"it broke","job":"job_1","#
        + #""n":"3"}"#)
  }

  @Test func `in logfmt quotes what needs it, and nothing else`() {
    #expect(
      logfmt("it broke", [("job", "job_1"), ("empty", ""), ("text", "a=b"), ("url", "http://x/y?z")])
        == #"ts=2026-01-01T12:00:00.125Z level=warning msg="it broke" job=job_1 empty="" text="a=b" url=http://x/y?z"#)
  }

  @Test func `is one line without control characters, whatever is in it`() throws {
    for line in [
      json(Self.nasty, [(Self.nasty, .string(Self.nasty))]), logfmt(Self.nasty, [("n", .string(Self.nasty))]),
    ] {
      let isClean = line.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "\u{2028}"
      }
      #expect(isClean, "\(line)")
    }
    let parsed = try JSONValue(parsing: json(Self.nasty).utf8)
    #expect(parsed["msg"]?.stringValue == Self.nasty, "nothing is lost")
    #expect(logfmt("m", [("a b=\"c\"\n", "v")]).hasSuffix(" a_b__c__=v"))
  }

  @Test func `keeps fields that are named like its own`() throws {
    let parsed = try JSONValue(parsing: json("m", [("level", "3"), ("msg", "other")]).utf8)
    #expect(parsed["level"] == "warning" && parsed["field.level"] == "3" && parsed["field.msg"] == "other")
  }

  @Test func `writes what has parts as JSON`() throws {
    let fields: [LogLineText.Field] = [("d", .dictionary(["b": "2", "a": .array(["x", "y z"])]))]
    #expect(json("m", fields).hasSuffix(#","d":{"a":["x","y z"],"b":"2"}}"#))
    #expect(logfmt("m", fields).hasSuffix(#" d="{\"a\":[\"x\",\"y z\"],\"b\":\"2\"}""#))
  }

  @Test func `names the request and the job that it belongs to`() {
    let provider = Logger.MetadataProvider.nightshift
    #expect(provider.get().isEmpty)
    LogScope.$request.withValue("r1") { #expect(provider.get() == ["request": "r1"]) }
  }
}
