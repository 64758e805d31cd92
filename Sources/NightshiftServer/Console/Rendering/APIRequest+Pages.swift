import HTTPTypes
import HummingbirdCore
import Nightshift

extension APIRequest {
  /// Answers with a page.
  func page(
    _ model: some PageModel, at section: ConsoleSection?, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let flash = Flash(in: headers)
    let waiting = try await engine.waitingQuestions(upTo: 100, for: actor)
    let document = Document(
      model, at: section, for: self, waiting: waiting, flash: flash.map { FlashView(text: $0.text) })
    var response = Response.html(try Templates.embedded.render(document), status: status)
    // Told once.
    if flash != nil { response.headers.append(HTTPField(name: .setCookie, value: Flash.clearCookie)) }
    return response
  }

  /// After a form has done its work: the browser goes to this page, which says what was done. A page that is loaded anew
  /// then does nothing again.
  func see(_ path: String, _ flash: Flash? = nil) -> Response {
    var response = Response(status: .seeOther, headers: [.location: path])
    if let flash { response.headers.append(HTTPField(name: .setCookie, value: flash.setCookie)) }
    return response
  }

  /// Where to go after a form: the page that it names in `return`, if that is one of ours.
  func returnPath(or path: String) -> String {
    // A second slash or a backslash would make a browser take what follows for another host.
    guard let asked = form["return"], asked.hasPrefix("/"), !asked.hasPrefix("//"), !asked.contains("\\"),
      asked.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return path }
    return asked
  }
}

extension Response {
  static func html(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
    .bytes(Array(text.utf8), type: "text/html; charset=utf-8", status: status, headers: headers)
  }
}
