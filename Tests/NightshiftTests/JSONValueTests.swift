import Foundation
import Nightshift
import Testing

@Suite struct `A JSON value` {
  @Test(
    arguments: [
      ("null", JSONValue.null),
      (" true ", true),
      ("false", false),
      ("0", 0),
      ("-0", 0),
      ("9223372036854775807", .integer(.max)),
      ("-9223372036854775808", .integer(.min)),
      ("1.5", 1.5),
      ("-12.25e2", -1225),
      ("1E-2", 0.01),
      ("0.1", 0.1),
      ("3.141592653589793238462643", 3.141592653589793),
      ("1e-400", 0),
      ("123456789012345678901234567890.0", .number(1.2345678901234568e29)),
      ("\"\"", ""),
      ("\"Zürich 🚆\"", "Zürich 🚆"),
      (#""\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\uDE86""#, "\"\\/\u{8}\u{C}\n\r\tAé🚆"),
      (#""ü\n""#, "ü\n"),
      ("[]", []),
      ("\t[ 1 ,\r\n[2]]", [1, [2]]),
      ("{}", [:]),
      (#"{"a":{"b":[null]}, "":1}"#, ["a": ["b": [nil]], "": 1]),
    ] as [(String, JSONValue)])
  func `reads what RFC 8259 allows`(_ text: String, _ value: JSONValue) throws {
    #expect(try JSONValue(parsing: text.utf8) == value)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, but the text ends"),
    ("  \n ", "line 2, column 2: expected a value, but the text ends"),
    ("{\n  \"é\": 1,\n  \"b\" 2}", "line 3, column 7: expected ':'"),
    (#"{"é":1 "b":2}"#, "line 1, column 8: expected ',' or '}'"),
    ("[1,]", "line 1, column 4: expected a value"),
    ("[1 2]", "line 1, column 4: expected ',' or ']'"),
    ("[", "line 1, column 2: expected a value, but the text ends"),
    (#"{"a":1,}"#, "line 1, column 8: expected a field name in double quotes"),
    ("{a:1}", "line 1, column 2: expected a field name in double quotes"),
    (#"{"a":1,"b":2,"a":3}"#, #"line 1, column 14: the field "a" is there twice"#),
    (#"{"a":1,"\u0061":3}"#, #"line 1, column 8: the field "a" is there twice"#),
    ("1 2", "line 1, column 3: expected nothing after the value"),
    ("tru", "line 1, column 1: expected a value"),
    ("nan", "line 1, column 1: expected a value"),
    ("'a'", "line 1, column 1: expected a value"),
    ("+1", "line 1, column 1: expected a value"),
    (".5", "line 1, column 1: expected a value"),
    ("-", "line 1, column 2: expected a digit, but the text ends"),
    ("1.", "line 1, column 3: expected a digit, but the text ends"),
    ("1.e5", "line 1, column 3: expected a digit"),
    ("1e+", "line 1, column 4: expected a digit, but the text ends"),
    ("01", "line 1, column 1: a number does not begin with 0 and another digit"),
    ("-01", "line 1, column 2: a number does not begin with 0 and another digit"),
    ("[1e400]", "line 1, column 2: the number is out of range"),
    ("-1e99999999999999999999", "line 1, column 1: the number is out of range"),
    ("\"abc", "line 1, column 5: expected '\"', but the text ends"),
    ("\"a\\", "line 1, column 4: expected one of \" \\ / b f n r t u after '\\', but the text ends"),
    (#""\x41""#, "line 1, column 3: expected one of \" \\ / b f n r t u after '\\'"),
    (#""\u12G4""#, "line 1, column 6: expected four hexadecimal digits after '\\u'"),
    ("\"a\nb\"", "line 1, column 3: a control character in a string must be escaped, as \\u000a"),
    ("\"\\n\u{1}\"", "line 1, column 4: a control character in a string must be escaped, as \\u0001"),
    ("\u{FEFF}1", "line 1, column 1: expected a value"),
  ])
  func `says where a text stops being JSON`(_ text: String, _ message: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
    #expect(error?.description == message)
  }

  @Test(arguments: [
    #""\uD83D""#, #""\uDE86""#, #""\uD83Dx""#, #""\uD83D\n""#, #""\uD83D\u0041""#, #""\uD83D\uD83D""#,
  ])
  func `refuses a lone surrogate`(_ text: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
    #expect(error?.message == "half of a surrogate pair")
    #expect(error?.column == 2)
  }

  @Test(
    arguments: [
      [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func `refuses bytes that are not UTF-8, also beside an escape`(_ bytes: [UInt8]) {
    for beginning in ["\"ab", "\"\\n"] {
      let text = Array(beginning.utf8) + bytes + Array("\"".utf8)
      let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
      #expect(error == JSONSyntaxError(message: "invalid UTF-8", line: 1, column: beginning.count + 1))
    }
  }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "1" + String(repeating: "0", count: 40),
  ])
  func `refuses to round a whole number`(_ text: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
    #expect(error?.message.hasPrefix("the whole number is beyond 64 bits") == true)
  }

  @Test func `nests 128 deep and no deeper`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue(parsing: nested(128).utf8)
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: nested(129).utf8) }
    #expect(error?.description == "line 1, column 129: nested more than 128 deep")
    #expect(throws: JSONSyntaxError.self) {
      try JSONValue(parsing: String(repeating: "[{\"\":", count: 100_000).utf8)
    }
  }

  @Test func `reads bytes that are not contiguous`() throws {
    #expect(try JSONValue(parsing: AnySequence("[1]".utf8)) == [1])
    #expect(try JSONValue(parsing: Data("[1]".utf8)) == [1])
  }

  @Test func `is written with sorted fields and without spaces`() {
    let value: JSONValue = [
      "b": [1, 2.5, nil], "a": ["ü\"\\/\n\u{1}\u{1F}": true], "B": -0.0, "c": 1e20, "d": [],
    ]
    #expect(
      value.description
        == #"{"B":0,"a":{"ü\"\\/\n\u0001\u001f":true},"b":[1,2.5,null],"c":1e+20,"d":[]}"#)
  }

  @Test func `is written for people with line breaks`() {
    let value: JSONValue = ["list": [1, ["a": "b"]], "none": [:], "empty": []]
    let text = """
      {
        "empty": [],
        "list": [
          1,
          {
            "a": "b"
          }
        ],
        "none": {}
      }
      """
    #expect(String(decoding: value.serialized(pretty: true), as: UTF8.self) == text)
  }

  @Test func `writes no number that JSON lacks`() {
    #expect(JSONValue.array([.number(.nan), .number(.infinity)]).description == "[null,null]")
  }

  @Test func `compares numbers by value and writes equal ones alike`() {
    let numbers: [(JSONValue, JSONValue)] = [
      (.integer(1), .number(1)), (.integer(0), .number(-0.0)), (.integer(1 << 60), .number(0x1p60)),
    ]
    for (whole, number) in numbers {
      #expect(whole == number)
      #expect(whole.hashValue == number.hashValue)
      #expect(whole.serialized() == number.serialized())
    }
    #expect(JSONValue.integer(1 << 60 + 1) != .number(0x1p60))
    #expect(JSONValue.bool(true) != .integer(1))
  }

  @Test func `gives out its parts`() {
    let value: JSONValue = ["text": "x", "whole": 3.0, "half": 0.5, "yes": true, "list": [1, 2]]
    #expect(value["text"]?.stringValue == "x")
    #expect(value["whole"]?.intValue == 3)
    #expect(value["half"]?.intValue == nil)
    #expect(value["half"]?.doubleValue == 0.5)
    #expect(value["list"]?[1]?.doubleValue == 2)
    #expect(value["list"]?[2] == nil)
    #expect(value["list"]?[-1] == nil)
    #expect(value["yes"]?.boolValue == true)
    #expect(value["list"]?.arrayValue?.count == 2)
    #expect(value.objectValue?.count == 5)
    #expect(value["none"] == nil)
    #expect(value["text"]?["x"] == nil)
  }

  @Test(
    arguments: [
      nil, true, false, 7, -2.5, "text", "true", "7", [], [:], ["a": [1, nil, ["b": "ü"]], "b": false],
      .integer(.max), .integer(.min), 1e300,
    ] as [JSONValue])
  func `passes through an encoder and a decoder`(_ value: JSONValue) throws {
    let data = try JSONEncoder().encode(value)
    #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    #expect(try JSONValue(parsing: data) == value)
  }

  @Test func `refuses to round when it is decoded`() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(JSONValue.self, from: Data("[18446744073709551615]".utf8))
    }
  }

  @Test func `survives random damage to its text`() throws {
    let seeds = [
      #"{"a":[1,-2.5e3,"é\u00e9\ud83d\ude86\n",true,false,null],"b":{"c":{}},"d":0.1}"#,
      #"[[],{},"",0,-0,1e5,123456789012345678,"\\\"/"]"#,
    ].map { Array($0.utf8) }
    let pieces =
      Array(#"{}[]",:\u0123456789eE+-.truefalsn "#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
    var random = SplitMix64(state: 42)
    var parsed = 0
    for round in 0..<40_000 {
      var text = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&text, with: pieces, &random) }
      guard let value = try? JSONValue(parsing: text) else { continue }
      parsed += 1
      try #require(try JSONValue(parsing: value.serialized()) == value, "\(text)")
      try #require(try JSONValue(parsing: value.serialized(pretty: true)) == value, "\(text)")
      try #require(try JSONValue(parsing: value.serialized()).serialized() == value.serialized(), "\(text)")
    }
    // Else the damage is so bad that nothing was tested.
    #expect(parsed > 1_000)
  }

  private func damage(_ text: inout [UInt8], with pieces: [UInt8], _ random: inout SplitMix64) {
    let place = Int.random(in: 0..<max(1, text.count), using: &random)
    let piece = pieces.randomElement(using: &random) ?? 0
    switch Int.random(in: 0..<4, using: &random) {
    case 0 where place < text.count: text[place] = piece
    case 1 where place < text.count: text.remove(at: place)
    case 2 where place < text.count: text.swapAt(place, Int.random(in: 0..<text.count, using: &random))
    default: text.insert(piece, at: min(place, text.count))
    }
  }
}

/// The same numbers in every run, so that a failure can be seen again.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
