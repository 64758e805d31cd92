import Nightshift
import Testing

@Suite struct `A misspelt word` {
  @Test(arguments: [
    ("requierd", "required"),
    ("propertys", "properties"),
    ("REQUIRED", "required"),
    ("itmes", "items"),
    ("tpye", "type"),
    ("typ", "type"),
    ("requireds", "required"),
  ])
  func `brings up the word that was meant`(_ typed: String, _ meant: String) {
    let words = ["type", "items", "required", "properties", "pattern"]
    #expect(Spelling.nearest(to: typed, among: words) == meant)
    #expect(Spelling.nearest(to: typed, among: words.reversed()) == meant)
  }

  @Test(arguments: ["", "x", "tea", "colour", "requ"])
  func `brings up nothing when no word is near`(_ typed: String) {
    #expect(Spelling.nearest(to: typed, among: ["type", "items", "required", "y", ""]) == nil)
  }

  @Test func `brings up the first in the alphabet of equally near words`() {
    #expect(Spelling.nearest(to: "cat", among: ["cut", "cot", "hat"]) == "cot")
    #expect(Spelling.nearest(to: "cat", among: ["hat", "cot", "cut"]) == "cot")
  }
}
