import Foundation
import Nightshift
import Testing

@testable import NightshiftServer

@Suite struct `Templates of the console` {
  @Test func `are all in the binary, and all can be read`() throws {
    let folder = URL(filePath: #filePath).appending(path: "../../../../Sources/NightshiftServer/Console").standardized
    let names = try ["Templates", "Assets"].flatMap { name in
      try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)
    }
    #expect(EmbeddedFiles.all.map(\.name).sorted() == (names + ["openapi.yaml"]).sorted())
    #expect(Templates.embedded.sources.count > 10)
  }

  @Test func `never show a value without escaping it`() {
    for (name, source) in Templates.embedded.sources {
      #expect(!source.contains("{{{") && !source.contains("{{&"), "\(name)")
    }
  }

  @Test func `hold neither inline script nor inline style`() {
    for (name, source) in Templates.embedded.sources {
      #expect(!source.contains("style="), "\(name)")
      #expect(source.firstMatch(of: /<script(?![^>]*src=)/) == nil, "\(name)")
      #expect(source.firstMatch(of: /\son[a-z]+=/) == nil, "\(name)")
    }
  }

  @Test func `send every form with the sign that no other site knows`() {
    // At the door nobody has a session yet whose sign could be sent.
    for (name, source) in Templates.embedded.sources where name != "sign-in" {
      let forms = source.matches(of: /<form[^>]*method="post"[^>]*>\s*(\{\{> csrf\}\})?/)
      for form in forms { #expect(form.1 != nil, "\(name): \(form.0)") }
    }
  }

  @Test(arguments: [
    ("<script>", "&lt;script&gt;"), ("\"\u{301} x", "&quot;\u{301} x"), ("'&", "&#39;&amp;"), ("a\0b", "a\u{FFFD}b"),
    ("Grüße", "Grüße"),
  ])
  func `escape what HTML would take for its own`(text: String, expected: String) {
    #expect(SafeText.escape(text).unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test func `are caught naming what is not there`() {
    struct Inner { let text: String? = nil }
    struct Outer {
      let text = "outer"
      let inner = [Inner()]
      let nothing: String? = nil
    }
    func faults(_ source: String) -> [String] { TemplateCheck(sources: ["t": source]).faults(in: "t", [Outer()]) }
    #expect(faults("{{text}}{{#nothing}}{{whatever}}{{/nothing}}") == [])
    #expect(faults("{{txet}}") == ["t names txet, which is not there"])
    #expect(faults("{{#inner}}{{missing}}{{/inner}}") == ["t names missing, which is not there"])
    #expect(faults("{{#inner}}{{text}}{{/inner}}").count == 1)
    #expect(faults("{{#inner}}{{.text}}{{/inner}}") == [])
    #expect(faults("{{inner}}") == ["t shows inner, which is no text"])
    #expect(faults("{{> other}}") == ["there is no template other"])
  }
}
