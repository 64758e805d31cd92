import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// What Hummingbird calls for each request.
struct APIResponder: HTTPResponder {
  struct Context: RequestContext {
    var coreContext: CoreRequestContextStorage
    let origin: Origin

    init(source: ApplicationRequestContextSource) {
      coreContext = CoreRequestContextStorage(source: source)
      origin = Origin(source.channel)
    }
  }

  let api: API

  func respond(to request: Request, context: Context) async -> Response {
    await api.respond(to: request, from: context.origin)
  }
}
