import Foundation
import Nightshift

/// What `doctor` looks at on this machine, beside the store.
enum MachineChecks {
  /// - Parameters:
  ///   - folder: The data folder; `nil` when the server is elsewhere.
  ///   - holdsStore: Whether the store is a file in it. If not, a machine on which no server runs needs no folder.
  static func all(folder: String?, holdsStore: Bool, now: Date) -> [Finding] {
    let isNeeded = folder.map { holdsStore || FileManager.default.fileExists(atPath: $0) } ?? false
    let store = folder.map { isNeeded ? [space($0), folderPermissions($0), tokenPermissions($0)] : [] } ?? []
    return store.compactMap { $0 } + [clock(now), timeZones()]
  }

  private static func space(_ folder: String) -> Finding? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }  // no such folder: `folderPermissions` says so
    let unit = UInt64(status.f_frsize)
    let free = UInt64(status.f_bavail) * unit
    let total = max(1, UInt64(status.f_blocks) * unit)
    let found = "\(free >> 20) MiB free of \(total >> 20) MiB"
    // Below this the write-ahead log of one burst may not fit.
    guard free < 256 << 20 else { return .fine("disk space", found) }
    return .wrong("disk space", found, "free some space on the disk of \(folder), or move the folder")
  }

  private static func folderPermissions(_ folder: String) -> Finding {
    guard let mode = mode(folder) else {
      return .wrong(
        "data folder", "\(folder) is not there",
        "start `nightshift serve`, which makes it, or name it with --data")
    }
    if let remedy = DataFolder.remedy(folder) {
      return .wrong("data folder", "\(folder) cannot be written to by \(NSUserName())", remedy)
    }
    return privacy("data folder", folder, mode, wanted: "700")
  }

  private static func tokenPermissions(_ folder: String) -> Finding? {
    let path = AdminTokenFile.path(in: folder)
    // A store that no server has opened yet has none.
    guard let mode = mode(path) else { return nil }
    return privacy("admin token", path, mode, wanted: "600")
  }

  private static func privacy(_ name: String, _ path: String, _ mode: Int, wanted: String) -> Finding {
    let found = "\(path), mode \(String(mode, radix: 8))"
    guard mode & 0o077 != 0 else { return .fine(name, found) }
    return .wrong(name, "\(found): other users may read it", "chmod \(wanted) \(path)")
  }

  private static func mode(_ path: String) -> Int? {
    // No attributes means no file; each caller says what that means.
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.posixPermissions] as? Int
  }

  /// Ids are made from the time of day, which a machine without a battery may have wrong by years.
  private static func clock(_ now: Date) -> Finding {
    let found = Timestamp(now).rfc3339
    let isSane =
      now > Date(timeIntervalSince1970: 1_750_000_000) && now < Date(timeIntervalSince1970: 4_102_444_800)
    return isSane
      ? .fine("clock", found)
      : .wrong(
        "clock", "\(found), which cannot be right", "set the clock; let chrony or systemd-timesyncd keep it")
  }

  private static func timeZones() -> Finding {
    TimeZoneCheck.isFine
      ? .fine("time zones", "known; this machine is in \(TimeZone.current.identifier)")
      : .wrong("time zones", "America/New_York is not known", TimeZoneCheck.remedy)
  }
}
