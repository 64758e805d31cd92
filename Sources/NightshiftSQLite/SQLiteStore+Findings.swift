import Foundation
package import Nightshift

extension SQLiteStore {
  package func findings(_ depth: CheckDepth) async -> [StoreFinding] {
    var findings: [StoreFinding] = []
    if depth == .thorough { findings.append(await integrityFinding()) }
    findings.append(logFinding())
    if let finding = await freeSpaceFinding() { findings.append(finding) }
    findings.append(permissionFinding())
    return findings
  }

  /// Reads every page of the file.
  private func integrityFinding() async -> StoreFinding {
    do {
      let check = try await read { try $0.query("PRAGMA quick_check(5)").compactMap { $0.text(0) } }
      return StoreFinding(
        "integrity", isFine: check == ["ok"], found: check.joined(separator: "; "),
        remedy: "stop Nightshift and restore the last backup: nightshift db restore FILE")
    } catch {
      return StoreFinding(
        "integrity", isFine: false, found: "\(error)", remedy: "check the disk, then restore a backup")
    }
  }

  private func logFinding() -> StoreFinding {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")  // no log yet is fine
    let size = attributes?[.size] as? Int64 ?? 0
    return StoreFinding(
      "write-ahead log", isFine: size < 256 << 20, found: "\(size >> 10) KiB",
      remedy: "a program holds a read transaction open on \(path) and keeps the log from being recycled: end it")
  }

  private func freeSpaceFinding() async -> StoreFinding? {
    // A database that cannot be read is reported by the check above.
    let pages = try? await read { transaction in
      try ["freelist_count", "page_count", "page_size"].map { try transaction.query("PRAGMA \($0)")[0].integer(0) ?? 0 }
    }
    guard let pages else { return nil }
    let (free, size) = (pages[0] * pages[2], pages[1] * pages[2])
    return StoreFinding(
      "free space in the file", isFine: free < 1 << 30 || free < size / 2,
      found: "\(free >> 20) of \(size >> 20) MiB, used again by new jobs",
      remedy: "to give it back, stop Nightshift and run: nightshift db backup FILE, then nightshift db restore FILE")
  }

  private func permissionFinding() -> StoreFinding {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let mode = attributes?[.posixPermissions] as? Int ?? 0
    return StoreFinding(
      "database permissions", isFine: mode & 0o077 == 0, found: String(mode, radix: 8),
      remedy: "payloads are readable by other users of this machine: chmod 600 \(path)")
  }
}
