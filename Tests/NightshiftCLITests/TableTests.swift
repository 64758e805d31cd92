import Testing

@testable import NightshiftCLI

@Suite struct `A table` {
  private func table() -> Table {
    var table = Table([.text("ID"), .flexible("KIND"), .number("COUNT"), .flexible("NOTE")])
    table.add(["job_01", "send-receipt", "7", "a note that says more than fits in here"])
    table.add([.init("job_02", .bold), "日本語の名前", "1234", ""])
    return table
  }

  @Test func `is as wide as its contents when nobody limits it`() {
    #expect(
      table().lines(width: nil, isColored: false) == [
        "ID      KIND          COUNT  NOTE",
        "job_01  send-receipt      7  a note that says more than fits in here",
        "job_02  日本語の名前   1234",
      ])
  }

  @Test(arguments: 30...90)
  func `never exceeds the terminal`(_ width: Int) {
    for line in table().lines(width: width, isColored: false) {
      #expect(TextWidth.of(line) <= width, "\(line)")
    }
  }

  @Test func `takes width from long texts and leaves ids whole`() {
    let lines = table().lines(width: 50, isColored: false)
    #expect(lines[1] == "job_01  send-receipt      7  a note that says…")
  }

  @Test func `leaves out what matters less, the last first, and never cuts a heading`() {
    var table = Table([
      .text("ID"), .text("QUEUE").optional, .flexible("DESCRIPTION"), .number("WORKERS").optional, .text("A").optional,
    ])
    table.add(["job_01", "default", "says what it does, at length", "7", "b"])
    func heading(_ width: Int) -> String { table.lines(width: width, isColored: false)[0] }
    #expect(heading(60) == "ID      QUEUE    DESCRIPTION                   WORKERS  A")
    #expect(heading(53) == "ID      QUEUE    DESCRIPTION               WORKERS  A")
    #expect(heading(52) == "ID      QUEUE    DESCRIPTION                 WORKERS")
    #expect(heading(49) == "ID      QUEUE    DESCRIPTION                   A", "what is small may still have room")
    #expect(heading(42) == "ID      QUEUE    DESCRIPTION")
    #expect(heading(34) == "ID      DESCRIPTION")
    #expect(heading(20) == "ID      DESCRIPTION")
  }

  @Test func `is written row by row where its columns cannot stand side by side`() {
    #expect(
      table().lines(width: 30, isColored: false) == [
        "ID     job_01", "KIND   send-receipt", "COUNT  7", "NOTE   a note that says more", "       than fits in here",
        "",
        "ID     job_02", "KIND   日本語の名前", "COUNT  1234",
      ])
  }

  @Test func `goes on below where a text is too long and must not be cut`() {
    var table = Table([.text("UTC"), .wrapping("NOTE"), .text("END")])
    table.add(["02:30", "this time does not exist on that day", "x"])
    table.add(["03:30", "", "y"])
    #expect(
      table.lines(width: 30, isColored: false) == [
        "UTC    NOTE                END", "02:30  this time does not  x", "       exist on that day",
        "03:30                      y",
      ])
  }

  @Test func `pads coloured cells by what is seen`() {
    let plain = table().lines(width: 60, isColored: false)
    let colored = table().lines(width: 60, isColored: true)
    let bare = colored.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
    #expect(bare == plain)
    #expect(colored != plain)
  }

  @Test func `shows nothing that a terminal would obey`() {
    var table = Table([.text("NAME")])
    table.add([.init("a\u{1B}[31mb\nc")])
    #expect(table.lines(width: nil, isColored: true)[1] == "a\u{FFFD}[31mb c")
  }
}

@Suite struct `The width of a text` {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("👍", 2), ("👩‍👩‍👧", 2), ("…", 1),
  ])
  func `counts columns`(_ text: String, _ width: Int) { #expect(TextWidth.of(text) == width) }

  @Test(arguments: [
    ("abcdef", 4, "abc…"), ("queue is paused", 12, "queue is…"), ("no nonsensical", 8, "no nons…"), ("abc", 3, "abc"),
    ("日本語", 4, "日…"), ("abc", 1, "…"), ("abc", 0, ""),
  ])
  func `is cut between words, or else characters`(_ text: String, _ columns: Int, _ cut: String) {
    #expect(TextWidth.fit(text, to: columns) == cut)
  }
}
