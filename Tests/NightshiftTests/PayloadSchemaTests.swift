import Nightshift
import Testing

/// What a schema has against a value, each as "pointer: message".
private func faults(_ schema: JSONValue, _ value: JSONValue) throws -> [String] {
  try PayloadSchema(schema).faults(in: value).map(\.description)
}

@Suite struct `A payload schema` {
  @Test(
    arguments: [
      (["type": "integer", "minimum": 1], "x", #"#: must be a whole number, at least 1; got "x""#),
      (["type": "integer"], 1.5, "#: must be a whole number; got 1.5"),
      (["type": ["string", "null"]], 5, "#: must be a string or null; got 5"),
      (["type": "object"], [], "#: must be an object; got an empty array"),
      (["minimum": 1, "maximum": 5], 6, "#: must be at least 1 and at most 5; got 6"),
      (["exclusiveMinimum": 0], 0, "#: must be more than 0; got 0"),
      (["exclusiveMaximum": 1.5], 1.5, "#: must be less than 1.5; got 1.5"),
      (["multipleOf": 0.1], 0.25, "#: must be a multiple of 0.1; got 0.25"),
      (
        ["enum": ["red", "green", 3]], "gren",
        #"#: must be one of "red", "green" or 3; got "gren"; did you mean "green"?"#
      ),
      (["const": [1, 2]], [1], "#: must be an array; got an array"),
      (["const": 5], 6, "#: must be 5; got 6"),
      (["minLength": 2], "🚆", "#: must have at least 2 characters; got 1"),
      (["maxLength": 1], "ab", "#: must have at most 1 character; got 2"),
      (["pattern": "^[a-z]+$"], "abc\n", #"#: must match the pattern "^[a-z]+$"; got "abc\n""#),
      (["format": "date"], "2026-02-30", #"#: must be a date such as 2026-03-01; got "2026-02-30""#),
      (["required": ["email"]], ["emial": 1], #"#: lacks the field "email"; is it "emial"?"#),
      (
        ["dependentRequired": ["card": ["name"]]], ["card": 1],
        #"#: lacks the field "name", needed with "card""#
      ),
      (["minProperties": 1], [:], "#: must have at least 1 field; got 0"),
      (["maxProperties": 1], ["a": 1, "b": 2], "#: must have at most 1 field; got 2"),
      (
        ["propertyNames": ["maxLength": 1]], ["ab": 1],
        "#: has a field whose name must have at most 1 character; got 2"
      ),
      (["properties": ["a": ["type": "null"]]], ["a": 1], "#/a: must be null; got 1"),
      (["patternProperties": ["^x": ["type": "null"]]], ["xa": 1], "#/xa: must be null; got 1"),
      (
        ["additionalProperties": ["type": "null"], "properties": ["a": true]], ["a": 1, "b": 1],
        "#/b: must be null; got 1"
      ),
      (
        ["properties": ["email": true], "additionalProperties": false], ["emial": 1],
        ##"#/emial: "emial" is no known field; did you mean "email"?"##
      ),
      (["items": ["type": "string"]], ["a", 1], "#/1: must be a string; got 1"),
      (["prefixItems": [["type": "string"]], "items": false], ["a", 1], "#/1: is not allowed here; got 1"),
      (["contains": ["const": 1]], [2], "#: must hold at least 1 item as `contains` asks for; got 0"),
      (
        ["contains": ["const": 1], "maxContains": 1], [1, 1],
        "#: must hold at most 1 item as `contains` asks for; got 2"
      ),
      (["minItems": 1], [], "#: must have at least 1 item; got 0"),
      (["maxItems": 1], [1, 2], "#: must have at most 1 item; got 2"),
      (["uniqueItems": true], [1, ["a": 1], 1.0], "#: must not hold an item twice: items 0 and 2 are equal"),
      (["allOf": [["minimum": 1], ["maximum": 0]]], 1, "#: must be at most 0; got 1"),
      (
        ["anyOf": [["type": "null"], ["type": "object", "required": ["a"]]]], [:], #"#: lacks the field "a""#
      ),
      (["anyOf": [["type": "null"], ["type": "string"]]], 1, "#: must be a string or null; got 1"),
      (["oneOf": [["const": "a"], ["const": "b"]]], "c", #"#: must be one of "a" or "b"; got "c""#),
      (
        ["oneOf": [["minimum": 1], ["minimum": 2]]], 3,
        "#: must match exactly one of 2 alternatives, but matches 1, 2; got 3"
      ),
      (
        ["anyOf": [["minimum": 1], ["maximum": -1]]], 0, "#: must match at least one of 2 alternatives; got 0"
      ),
      (["not": ["type": "string"]], "a", #"#: must not match the schema in `not`; got "a""#),
      (["if": ["type": "string"], "then": ["minLength": 1]], "", "#: must have at least 1 character; got 0"),
      (["if": ["type": "string"], "else": ["minimum": 1]], 0, "#: must be at least 1; got 0"),
      (["$ref": "#/$defs/a~1b%20c", "$defs": ["a/b c": ["type": "null"]]], 1, "#: must be null; got 1"),
      (
        ["properties": ["a/b": ["items": ["properties": ["c~ü d": false]]]]], ["a/b": [["c~ü d": 1]]],
        "#/a~1b/0/c~0%C3%BC%20d: is not allowed here; got 1"
      ),
      (false, 1, "#: is not allowed here; got 1"),
    ] as [(JSONValue, JSONValue, String)])
  func `says what is wrong with a value`(_ schema: JSONValue, _ value: JSONValue, _ fault: String) throws {
    #expect(try faults(schema, value) == [fault])
  }

  @Test(
    arguments: [
      (true, "anything"), ([:], nil), (["type": "integer"], 1.0), (["type": "integer"], 1e20),
      (["type": "number"], 1), (["multipleOf": 0.1], 0.3), (["multipleOf": 0.01], 19.99),
      (["minimum": 5], "text"),
      (["enum": [1]], 1.0), (["maxLength": 1], "🚆"), (["pattern": "b"], "abc"), (["format": "hostname"], "§"),
      (["pattern": #"^[\w.[&-]+$"#], "a_[&-."), (["pattern": #"^\D\W[\D]$"#], "é-é"),
      (["pattern": #"\$$"#], "5$"),
      (["required": ["a"]], []), (["dependentRequired": ["card": ["name"]]], ["other": 1]),
      (["uniqueItems": true], [1, true, "1", [1], ["a": 1]]), (["contains": true, "minContains": 0], []),
      (
        ["additionalProperties": false, "patternProperties": ["^x-": true], "properties": ["a": true]],
        ["x-b": 1, "a": 1]
      ),
      (["oneOf": [["type": "integer"], ["type": "string"]]], "x"), (["then": false, "else": false], 1),
      (
        ["$defs": ["tree": ["properties": ["next": ["$ref": "#/$defs/tree"]]]], "$ref": "#/$defs/tree"],
        ["next": ["next": [:]]]
      ),
      (["properties": ["next": ["$ref": "#"]]], ["next": ["next": 1]]),
      (["x-order": 3, "note": "mine", "order": 1], 1),
      (["maximum": 9_223_372_036_854_775_806], 9_223_372_036_854_775_806),
      (["maximum": 1e19], .integer(.max)),
    ] as [(JSONValue, JSONValue)])
  func `lets through what it asks for`(_ schema: JSONValue, _ value: JSONValue) throws {
    #expect(try faults(schema, value) == [])
  }

  @Test func `compares whole numbers beyond 53 bits exactly`() throws {
    #expect(try faults(["maximum": 9_223_372_036_854_775_806], .integer(.max)).count == 1)
    #expect(try faults(["minimum": 0.5], 0).count == 1)
    #expect(try faults(["exclusiveMaximum": -0.5], 0).count == 1)
  }

  @Test func `tells alternatives apart by the field that names them`() throws {
    let schema: JSONValue = [
      "oneOf": [
        [
          "properties": ["kind": ["const": "card"], "number": ["type": "string"]],
          "required": ["kind", "number"],
        ],
        [
          "properties": ["kind": ["const": "cash"], "amount": ["type": "number"]],
          "required": ["kind", "amount"],
        ],
      ]
    ]
    #expect(try faults(schema, ["kind": "cash", "amount": "5"]) == [#"#/amount: must be a number; got "5""#])
  }

  @Test func `finds all faults, up to a limit, in the same order every time`() throws {
    let schema = try PayloadSchema(["additionalProperties": ["type": "string"]])
    let value = JSONValue.object(Dictionary(uniqueKeysWithValues: (10..<60).map { ("n\($0)", .integer($0)) }))
    #expect(schema.faults(in: value).map(\.pointer) == (10..<30).map { "#/n\($0)" })
    #expect(schema.faults(in: value, limit: 2).count == 2)
    #expect(schema.faults(in: value, limit: 0).count == 1)
  }

  @Test func `cuts long values`() throws {
    let value = JSONValue.string(String(repeating: "é", count: 1000))
    #expect(
      try faults(["type": "null"], value) == [
        "#: must be null; got \"\(String(repeating: "é", count: 40))…\""
      ])
  }
}

@Suite struct `A wrong payload schema` {
  @Test(
    arguments: [
      (["requierd": ["a"]], ##"#/requierd: is no keyword of JSON Schema; did you mean "required"?"##),
      (
        ["properties": ["a": ["minLenght": 1]]],
        ##"#/properties/a/minLenght: is no keyword of JSON Schema; did you mean "minLength"?"##
      ),
      (["ref": "#/$defs/a"], ##"#/ref: is no keyword of JSON Schema; did you mean "$ref"?"##),
      (["minimum": "1"], ##"#/minimum: must be a number; got "1""##),
      (["minLength": -1], "#/minLength: must be a whole number, at least 0; got -1"),
      (
        ["properties": ["a": ["required": true]]],
        "#/properties/a/required: must be an array of strings; got true"
      ),
      (
        ["type": "int"],
        ##"#/type: must be one of null, boolean, integer, number, string, array, object; got "int""##
      ),
      (["type": []], "#/type: must be a type or an array of types; got an empty array"),
      (["title": 5], "#/title: must be a string; got 5"),
      (["items": [true]], "#/items: must be one schema; a schema for each item goes into `prefixItems`"),
      (["items": 5], "#/items: must be a schema (an object, true or false); got 5"),
      (["anyOf": []], "#/anyOf: must hold at least one schema"),
      (["enum": []], "#/enum: must hold at least one value"),
      (["multipleOf": 0], "#/multipleOf: must be more than 0; got 0"),
      (["pattern": "["], ##"#/pattern: is no regular expression: "[""##),
      (["patternProperties": ["(": true]], ##"#/patternProperties: is no regular expression: "(""##),
      (["dependentRequired": ["a": 1]], "#/dependentRequired/a: must be an array of strings; got 1"),
      (
        ["unevaluatedProperties": false],
        "#/unevaluatedProperties: is not supported; use `additionalProperties` instead"
      ),
      (
        ["$ref": "other.json"],
        ##"#/$ref: must point into this schema, as "#/$defs/name" does; got "other.json""##
      ),
      (
        ["$ref": "#/$defs/adress", "$defs": ["address": true]],
        ##"#/$ref: leads nowhere: there is no "#/$defs/adress"; did you mean "#/$defs/address"?"##
      ),
      (["$ref": "#"], "#: applies itself to the same value without end"),
      (
        ["$defs": ["a": ["allOf": [["$ref": "#/$defs/b"]]], "b": ["not": ["$ref": "#/$defs/a"]]]],
        "#/$defs/a: applies itself to the same value without end"
      ),
      ("text", ##"#: must be a schema (an object, true or false); got "text""##),
    ] as [(JSONValue, String)])
  func `is refused with its place`(_ schema: JSONValue, _ message: String) {
    let error = #expect(throws: PayloadSchemaError.self) { try PayloadSchema(schema) }
    #expect(error?.description == message)
  }

  @Test func `is found in definitions that nothing uses`() {
    let error = #expect(throws: PayloadSchemaError.self) { try PayloadSchema(["$defs": ["a": ["type": 5]]]) }
    #expect(error?.pointer == "#/$defs/a/type")
  }
}

@Suite struct `A check against a schema` {
  @Test func `gives up on a pattern that backtracks without end`() throws {
    let subject = JSONValue.string(String(repeating: "a", count: 40) + "b")
    #expect(
      try faults(["pattern": "^(a+)+$"], subject) == [
        #"#: takes too long to match against the pattern "^(a+)+$""#
      ])
    #expect(try faults(["not": ["pattern": "^(a+)+$"]], subject).count == 1)
  }

  @Test func `gives up on many texts that are each a little slow`() throws {
    let texts = JSONValue.array((0..<100_000).map { .string(String(repeating: "a", count: 18) + "\($0)") })
    let found = try faults(["items": ["not": ["pattern": "^(a+)+$"]]], texts)
    #expect(found.count == 1)
    #expect(found.first?.hasSuffix(#"takes too long to match against the pattern "^(a+)+$""#) == true)
  }

  @Test func `matches no pattern against more than 64 KiB`() throws {
    let fits = JSONValue.string(String(repeating: "a", count: 64 << 10))
    let tooLong = JSONValue.string(String(repeating: "a", count: 64 << 10 + 1))
    let fault = "#: must have at most 64 KiB, since it is matched against a pattern"
    #expect(try faults(["pattern": "^(a|b)*$"], fits) == [])
    #expect(try faults(["pattern": "^a*$"], tooLong) == [fault])
    #expect(try faults(["not": ["pattern": "^a*$"]], tooLong) == [fault])
    #expect(try faults(["anyOf": [["pattern": "^a*$"], true]], tooLong) == [fault])
  }

  @Test func `gives up when alternatives double with every level`() throws {
    let again: JSONValue = ["properties": ["next": ["$ref": "#"]]]
    let schema: JSONValue = ["type": "object", "anyOf": [again, again]]
    var value: JSONValue = "no object"
    for _ in 0..<100 { value = ["next": value] }
    let found = try PayloadSchema(schema).faults(in: value)
    #expect(found.last?.message == "cannot be checked: this schema takes too many steps for it")
  }

  @Test func `says what is wrong deep inside optional values`() throws {
    let schema: JSONValue = [
      "properties": ["next": ["anyOf": [["type": "null"], ["$ref": "#"]]]], "required": ["id"],
      "type": "object",
    ]
    var value: JSONValue = ["name": 1]
    for _ in 0..<100 { value = ["id": 1, "next": value] }
    let found = try PayloadSchema(schema).faults(in: value)
    #expect(found.map(\.message) == [#"lacks the field "id""#])
    #expect(found.first?.pointer == "#" + String(repeating: "/next", count: 100))
  }

  @Test func `follows a long chain of references`() throws {
    var definitions: [String: JSONValue] = ["d20000": ["type": "null"]]
    for index in 0..<20_000 {
      definitions["d\(index)"] = ["items": ["$ref": .string("#/$defs/d\(index + 1)")]]
    }
    let schema = try PayloadSchema(["$ref": "#/$defs/d0", "$defs": .object(definitions)])
    #expect(schema.faults(in: [[[1]]]) == [])
  }

  @Test func `gives up before the stack is full`() async throws {
    var definitions: [String: JSONValue] = ["d5000": ["type": "null"]]
    for index in 0..<5_000 {
      definitions["d\(index)"] = ["allOf": [["$ref": .string("#/$defs/d\(index + 1)")]]]
    }
    let schema = try PayloadSchema(["$ref": "#/$defs/d0", "$defs": .object(definitions)])
    let found = await Task { schema.faults(in: nil) }.value
    #expect(found.map(\.message) == ["cannot be checked: this schema takes too many steps for it"])
  }

  @Test func `runs on many tasks at once`() async throws {
    let schema = try PayloadSchema(["items": ["pattern": "^[a-z]+$"]])
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<20 { group.addTask { schema.faults(in: ["abc", "ABC", "x"]).count } }
      for await count in group { #expect(count == 1) }
    }
  }
}

@Suite struct `A format in a schema` {
  @Test(arguments: [
    ("date-time", ["2026-03-01T09:30:00Z"], ["2026-03-01", ""]),
    ("date", ["2024-02-29"], ["2023-02-29", "2024-02-29T00:00:00Z"]),
    (
      "email",
      [
        "joe@example.com", "joe.o'hara+x@a.b-c.example", "root@localhost", "\"joe b\"@example.com",
        "a@[127.0.0.1]",
      ],
      [
        "", "joe", "@example.com", "joe@", ".joe@example.com", "joe..b@example.com", "joe b@example.com",
        "joe@-example.com", "joe@example..com", "joe@exa mple.com", "a@b@example.com", "joe@example.com\n",
      ]
    ),
    (
      "uri", ["https://example.com/a%20b?c=d#e", "mailto:a@example.com", "urn:isbn:1", "http://[::1]:80/"],
      [
        "", "//example.com", "/a", "a b:c", "http://exa mple.com", "http://a/%zz", "http://a/%4", "1a:b",
        "http://a/<b>",
        "http://a#b#c", "\\\\server", "http://é.com",
      ]
    ),
    (
      "uuid", ["123e4567-e89b-12d3-a456-426614174000", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"],
      [
        "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g",
        "123e4567-e89b-12d3-a456-4266141740000",
        "{23e4567-e89b-12d3-a456-42661417400}",
      ]
    ),
  ])
  func `is checked`(_ format: String, _ good: [String], _ bad: [String]) throws {
    let schema = try PayloadSchema(["format": .string(format)])
    for text in good { #expect(schema.faults(in: .string(text)) == [], "\(text)") }
    for text in bad { #expect(schema.faults(in: .string(text)).count == 1, "\(text)") }
    #expect(schema.faults(in: 5) == [])
  }
}
