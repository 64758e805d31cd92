import Mustache
import Nightshift

/// The console's templates, parsed once.
struct Templates: Sendable {
  /// Those that are in the binary. A test parses each of them, so that this cannot fail for whoever runs it.
  static let embedded: Templates = {
    do {
      return try Templates(EmbeddedFiles.all.filter { $0.name.hasSuffix(Self.ending) }.map { ($0.name, "\($0.text)") })
    } catch {
      fatalError("A template of the console cannot be read: \(error)")
    }
  }()

  static let ending = ".mustache"

  private let library: MustacheLibrary
  /// Each template as it is written, for the check of the names in it.
  let sources: [String: String]

  init(_ files: [(name: String, text: String)]) throws {
    MustacheContentTypes.register(SafeText(), named: SafeText.name)
    var library = MustacheLibrary()
    var sources: [String: String] = [:]
    for file in files {
      let name = String(file.name.dropLast(Self.ending.count))
      sources[name] = file.text
      try library.register(Self.prepared(file.text), named: name)
      // A page within the layout, so that one rendering makes the whole.
      let page = "{{<layout}}{{$main}}{{#page}}{{> \(name)}}{{/page}}{{/main}}{{/layout}}"
      try library.register(Self.prepared(page), named: "page:\(name)")
    }
    self.library = library
    self.sources = sources
  }

  /// Without what indents the lines, so that pages are smaller and no partial's place shifts the lines of a value; and
  /// escaped by our own rules.
  private static func prepared(_ source: String) -> String {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
    // A partial within a line must not end it.
    let text = lines.last?.isEmpty == true ? lines.dropLast().joined(separator: "\n") : lines.joined(separator: "\n")
    return "{{% CONTENT_TYPE:\(SafeText.name)}}" + text
  }

  /// The page as HTML, within the layout.
  func render<Model: PageModel>(_ document: Document<Model>) throws -> String {
    try render(
      document, template: "page:\(Model.template)", checked: [("layout", []), (Model.template, [document.page])])
  }

  /// A template on its own.
  func render(_ model: any Sendable, template: String) throws -> String {
    try render(model, template: template, checked: [(template, [])])
  }

  private func render(
    _ model: any Sendable, template: String, checked: [(template: String, inner: [Any])]
  ) throws -> String {
    #if DEBUG
      for (name, inner) in checked {
        let faults = TemplateCheck(sources: sources).faults(in: name, [model] + inner)
        guard faults.isEmpty else { throw TemplateFault(faults: faults) }
      }
    #endif
    guard let text = library.render(model, withTemplate: template) else {
      throw TemplateFault(faults: ["there is no template \(template)"])
    }
    return text
  }
}

/// A template that names what its page does not have.
struct TemplateFault: Error, CustomStringConvertible {
  let faults: [String]

  var description: String { faults.joined(separator: "; ") }
}
