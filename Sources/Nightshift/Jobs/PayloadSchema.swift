import Synchronization

/// What the payloads of a kind must look like: a JSON Schema (draft 2020-12), read once and then applied
/// often.
///
/// It knows the vocabulary for validation with local `$ref`s. `format` is checked for `date-time`, `date`,
/// `email`, `uri` and `uuid`, and any other is a note to the reader. Patterns are matched with ICU, made to
/// agree with ECMA-262 where they differ on what `$`, `\d` and `\w` mean.
///
/// Neither a hostile payload nor a careless schema makes a check run on: what costs too much is refused with
/// a fault that says so.
package struct PayloadSchema: Sendable {
  /// The schema as it was given.
  package let json: JSONValue
  private let compiled: Compiled

  /// Reads a schema.
  ///
  /// Keywords that JSON Schema does not know are ignored, as it asks, but one that looks like a misspelt
  /// keyword is an error: `requierd` would let everything pass. So is any keyword that asks for a check this
  /// type cannot do.
  ///
  /// - Throws: ``PayloadSchemaError`` for the first mistake: a keyword of the wrong type, a pattern that is
  ///   none, a `$ref` that leads nowhere or in a circle.
  package init(_ schema: JSONValue) throws(PayloadSchemaError) {
    json = schema
    compiled = Compiled(schema, try SchemaCompiler.compile(schema))
  }

  /// A schema that was read before, by this program or another one on the same store. It is compiled when a value is first
  /// held against it: most processes never see a job of most kinds.
  ///
  /// One that turns out not to be readable, as a newer version may have written it, finds no fault with anything.
  package init(readBefore schema: JSONValue) {
    json = schema
    compiled = Compiled(schema, nil)
  }

  private final class Compiled: Sendable {
    private let schema: JSONValue
    private let known: Mutex<[SchemaNode]?>

    init(_ schema: JSONValue, _ nodes: [SchemaNode]?) {
      self.schema = schema
      known = Mutex(nodes)
    }

    var nodes: [SchemaNode] {
      known.withLock { known in
        if let known { return known }
        // As `init(readBefore:)` says: what cannot be read asks for nothing.
        let nodes = (try? SchemaCompiler.compile(schema)) ?? [SchemaNode()]
        known = nodes
        return nodes
      }
    }
  }

  /// What is wrong with the value, in the order of the schema; nothing if it is as the schema asks.
  ///
  /// - Parameter limit: Stop after so many faults. At least one is looked for.
  package func faults(in value: JSONValue, limit: Int = 20) -> [PayloadFault] {
    SchemaCheck.faults(in: value, nodes: compiled.nodes, limit: max(1, limit))
  }
}

extension PayloadSchema: Hashable {
  package static func == (left: PayloadSchema, right: PayloadSchema) -> Bool { left.json == right.json }

  package func hash(into hasher: inout Hasher) { hasher.combine(json) }
}
