import Dispatch
import Foundation
import Nightshift
@testable import NightshiftJobs
import Synchronization
import Testing

@Suite struct `Processes that start at the same moment` {
  @Test func `do not take each other's scratch folders for those of dead ones`() throws {
    let folder = try TemporaryFolder()
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 400) { number in
      do {
        let space = try ScratchSpace(root: folder.path, name: WorkerID(rawValue: Int64(number + 1)).description)
        #expect(FileManager.default.fileExists(atPath: space.folder))
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
  }
}
