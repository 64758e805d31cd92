/// The media types of the files that jobs most often make, by the end of their name.
enum MediaType {
  private static let known = [
    "csv": "text/csv", "css": "text/css", "gif": "image/gif", "gz": "application/gzip", "htm": "text/html",
    "html": "text/html", "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json",
    "log": "text/plain", "md": "text/markdown", "pdf": "application/pdf", "png": "image/png",
    "svg": "image/svg+xml", "tar": "application/x-tar", "tsv": "text/tab-separated-values",
    "txt": "text/plain", "webp": "image/webp", "xml": "application/xml", "yaml": "application/yaml",
    "zip": "application/zip",
  ]

  static func of(_ file: String) -> String {
    let end = file.split(separator: ".").last.map { $0.lowercased() } ?? ""
    return known[end] ?? "application/octet-stream"
  }
}
