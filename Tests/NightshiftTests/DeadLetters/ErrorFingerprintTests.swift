import Nightshift
import Testing

@Suite struct `Errors are the same` {
  @Test(arguments: [
    ("timed out after 30 s", "timed out after # s"),
    ("no user 'ada' in \"shop-12\"", "no user '…' in \"…\""),
    ("request 7f3a0012-1b2c at 0x7fff", "request #-# at #"),
    ("can't open it, isn't there", "can't open it, isn't there"),
    ("host12:8080 spoke http2", "host#:# spoke http#"),
    ("an open ' quote\nand 'another' line", "an open ' quote\nand '…' line"),
    ("größe 5 überschritten", "größe # überschritten"),
    ("", ""),
  ])
  func `but for numbers, ids and what stands in quotes`(message: String, normalised: String) {
    #expect(ErrorFingerprint.normalised(message) == normalised)
  }

  @Test func `only for one kind and one type`() {
    let failure = Failure(type: "Timeout", message: "after 30 s")
    let same = ErrorFingerprint.of(kind: "a", Failure(type: "Timeout", message: "after 31 s"))
    #expect(ErrorFingerprint.of(kind: "a", failure) == same)
    #expect(same.count == 16)
    #expect(ErrorFingerprint.of(kind: "b", failure) != same)
    #expect(ErrorFingerprint.of(kind: "a", Failure(type: "Refused", message: "after 30 s")) != same)
  }
}
