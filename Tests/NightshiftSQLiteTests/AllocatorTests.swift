#if !NIGHTSHIFT_THREAD_SANITIZER  // which has an allocator of its own
  import CAllocator
  import Foundation
  import Testing

  @Suite struct `Memory that was freed` {
    @Test func `goes back to the system`() throws {
      // Too small to be given back one by one; and one of a thousand stays, so that the rest is holes.
      let pieces = (0..<100_000).map { _ in UnsafeMutableRawPointer.allocate(byteCount: 1_000, alignment: 16) }
      for piece in pieces { memset(piece, 1, 1_000) }
      for (index, piece) in pieces.enumerated() where !index.isMultiple(of: 1_000) { piece.deallocate() }
      let before = try resident()

      nightshift_allocator_give_back()

      #expect(before - (try resident()) > 50_000_000)
      for (index, piece) in pieces.enumerated() where index.isMultiple(of: 1_000) { piece.deallocate() }
    }

    /// Bytes of this process that are in memory.
    private func resident() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(Int(text.split(separator: " ")[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
  }
#endif
