enum SwiftTemplate {
  static let files = [
    JobTemplate.File(path: "run.swift", contents: script, isExecutable: false),
    JobTemplate.File(path: "run.sh", contents: launcher, isExecutable: true),
    JobTemplate.File(
      path: "test.sh",
      contents: BashTemplate.test, isExecutable: true),
    JobTemplate.File(path: ".gitignore", contents: ".program\n", isExecutable: false),
  ]

  /// `swift run.swift` would compile at each run, for a second; this does when the source has changed.
  private static let launcher = #"""
    #!/usr/bin/env bash
    # Compiles run.swift when it has changed, and runs it.
    set -euo pipefail
    cd "$(dirname "$0")"
    if [[ ! -x .program || run.swift -nt .program ]]; then
      # Another attempt may be doing the same: each makes a file of its own, and the last one stays.
      program=$(mktemp .program.XXXXXX)
      trap 'rm -f "$program"' EXIT
      swiftc -O -parse-as-library -o "$program" run.swift >&2
      mv "$program" .program
      trap - EXIT
    fi
    exec ./.program

    """#

  private static let script = ##"""
    // JOB_NAME: measures a folder and keeps the list of its largest files.
    //
    // In:   the payload, one line of JSON on standard input.
    // Out:  lines on standard output: {"$progress": …}, {"$log": …}, {"$artifact": …}; other text is log; the
    //       last line that is JSON without $ is the result. What goes to standard error is log too.
    // Exit: 0 done, 75 run me again later, 64 to 78 give up at once; anything else is tried again.
    import Foundation

    struct Payload: Decodable {
      var path: String
      var largest: Int?
    }

    struct FileSize {
      var bytes: Int
      var path: String
    }

    @main
    struct Job {
      static func main() throws {
        // Lines are to be seen as they are written, not when a buffer is full.
        setvbuf(stdout, nil, _IOLBF, 0)
        let line = Data((readLine() ?? "").utf8)
        guard let payload = try? JSONDecoder().decode(Payload.self, from: line) else {
          FileHandle.standardError.write(Data("the payload must be like {\"path\": \"/var/log\"}\n".utf8))
          exit(64)
        }
        guard FileManager.default.fileExists(atPath: payload.path) else {
          // Perhaps it is made later: come back without counting a failure.
          print("there is no folder \(payload.path) yet")
          print(#"{"$retryAfter": "5m"}"#)
          exit(75)
        }

        progress(0.1, "listing")
        let files = sizes(below: payload.path)

        progress(0.6, "adding up")
        let largest = files.sorted { $0.bytes > $1.bytes }.prefix(payload.largest ?? 10)
        let table = "bytes\tfile\n" + largest.map { "\($0.bytes)\t\($0.path)\n" }.joined()
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? NSTemporaryDirectory()
        try table.write(toFile: "\(folder)/largest.tsv", atomically: true, encoding: .utf8)
        print(#"{"$artifact": "largest.tsv"}"#)

        progress(1, "done")
        let bytes = files.reduce(0) { $0 + $1.bytes }
        print(#"{"path": \#(try json(payload.path)), "files": \#(files.count), "bytes": \#(bytes)}"#)
      }

      static func sizes(below folder: String) -> [FileSize] {
        guard let names = FileManager.default.enumerator(atPath: folder) else { return [] }
        var files: [FileSize] = []
        for case let name as String in names {
          // A file that has vanished since it was listed is no failure.
          guard let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)"),
            attributes[.type] as? FileAttributeType == .typeRegular
          else { continue }
          files.append(FileSize(bytes: (attributes[.size] as? Int) ?? 0, path: "\(folder)/\(name)"))
        }
        return files
      }

      static func progress(_ fraction: Double, _ message: String) {
        print(#"{"$progress": \#(fraction), "message": "\#(message)"}"#)
      }

      static func json(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
      }
    }

    """##
}
