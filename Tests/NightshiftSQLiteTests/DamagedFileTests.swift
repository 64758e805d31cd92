import Foundation
import Nightshift
import NightshiftSQLite
import Testing

private let noon = Timestamp(microseconds: 1_767_268_800_000_000)

private func job(_ id: Int64, bytes: Int = 2) -> NewJob {
  NewJob(id: JobID(rawValue: id), kind: "work", runAt: noon, payload: [UInt8](repeating: 0x20, count: bytes))
}

/// Mounts need the superuser. What is left out for want of one is said aloud by the skipped test.
private let isSuperuser = geteuid() == 0

/// A small file system in memory, unmounted with this object.
private final class SmallDisk {
  let path: String

  init(_ options: String = "size=2m") throws {
    path =
      FileManager.default.temporaryDirectory.appendingPathComponent("nightshift-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.run("/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
  }

  func remount(_ options: String) throws { try Self.run("/bin/mount", "-o", "remount,\(options)", path) }

  deinit {
    // Lazily: a connection may be about to close. A mount that stays behind is empty and harms nobody.
    try? Self.run("/bin/umount", "-l", path)
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func run(_ program: String, _ arguments: String...) throws {
    // Not Foundation's `Process`: a run of all tests side by side has crashed in it.
    let copies = ([program] + arguments).map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    var pid: pid_t = 0
    var status: Int32 = 0
    guard posix_spawn(&pid, program, nil, nil, copies + [nil], environ) == 0, waitpid(pid, &status, 0) == pid,
      status == 0
    else { throw CocoaError(.fileWriteUnknown) }
  }
}

@Suite struct `A database file on SQLite` {
  @Test(.enabled(if: isSuperuser, "mounting a small disk needs the superuser"))
  func `writes nothing to a full disk, and goes on when there is room again`() async throws {
    let disk = try SmallDisk("size=3m")
    let store = try SQLiteStore(path: disk.path + "/jobs.db", migrations: Migration.core)
    _ = try await store.insert([job(1)], now: noon)
    let ballast = disk.path + "/ballast"
    #expect(FileManager.default.createFile(atPath: ballast, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: ballast))
    // Until the disk is full: the error is what is waited for.
    while (try? file.write(contentsOf: [UInt8](repeating: 0, count: 4096))) != nil {}
    try file.close()

    let batch = (Int64(2)...300).map { job($0, bytes: 10_000) }
    let error = await #expect(throws: StoreError.self) { try await store.insert(batch, now: noon) }
    #expect(error?.code == .full)
    let refused = await #expect(throws: StoreError.self) {
      try await store.write { transaction in _ = try transaction.insert(batch, now: noon) }
    }
    #expect(refused?.code == .full)
    #expect(try await count(store) == 1)

    try FileManager.default.removeItem(atPath: ballast)
    #expect(try await store.insert([job(2)], now: noon) == [.inserted(.ready)])
    #expect(try await count(store) == 2)
    await store.close()
    #expect(try SQLiteBackup.check(disk.path + "/jobs.db").isEmpty)
  }

  @Test(.enabled(if: isSuperuser, "mounting a read-only disk needs the superuser"))
  func `says that it may not be written to`() async throws {
    let disk = try SmallDisk()
    await (try SQLiteStore(path: disk.path + "/jobs.db", migrations: Migration.core)).close()
    try disk.remount("ro")
    let error = #expect(throws: StoreError.self) {
      _ = try SQLiteStore(path: disk.path + "/jobs.db", migrations: Migration.core)
    }
    #expect(error?.code == .readOnly)
    #expect(error?.message.contains("Check") == true)
  }

  @Test func `says that it is damaged`() async throws {
    let file = try DatabaseFile()
    try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: file.path))
    let error = #expect(throws: StoreError.self) { _ = try file.open() }
    #expect(error?.code == .corrupt)
    #expect(error?.message.contains("nightshift db check") == true)
    #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(repeating: 0x41, count: 8192))
  }

  @Test func `says which page is damaged when it is checked`() async throws {
    let file = try DatabaseFile()
    let store = try file.open()
    _ = try await store.insert((Int64(1)...500).map { job($0, bytes: 500) }, now: noon)
    await store.close()
    let handle = try #require(FileHandle(forUpdatingAtPath: file.path))
    // Among the jobs' payloads, which came last: what is read at each opening stands before them.
    try handle.seek(toOffset: handle.seekToEnd() / 4096 * 3 / 4 * 4096)
    try handle.write(contentsOf: [UInt8](repeating: 0xff, count: 4096 * 4))
    try handle.close()
    #expect(try !SQLiteBackup.check(file.path).isEmpty)
    let damaged = try file.open()
    #expect(await damaged.findings().first { $0.name == "integrity" }?.isFine == false)
    // It takes seconds on a large file: not for a page.
    #expect(await !damaged.findings(.quick).contains { $0.name == "integrity" })
    await damaged.close()
  }

  @Test func `says that its folder is missing`() {
    let error = #expect(throws: StoreError.self) {
      _ = try SQLiteStore(path: "/nonexistent/folder/jobs.db", migrations: Migration.core)
    }
    #expect(error?.code == .unavailable)
  }

  private func count(_ store: SQLiteStore) async throws -> Int64? {
    try await store.read { try $0.query("SELECT count(*) FROM nightshift_payloads")[0].integer(0) }
  }
}
