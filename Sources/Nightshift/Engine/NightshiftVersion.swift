/// Which Nightshift this is; each process is listed with it.
package enum NightshiftVersion {
  /// As in https://semver.org, and in CHANGELOG.md.
  package static let current = "0.1.0"
}
