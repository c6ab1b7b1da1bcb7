## An asynchttpserver with the endpoint root and echo of merkhet's contract: ./server PORT
import std/[asyncdispatch, asynchttpserver, base64, json, os, strutils]

proc lines(headers: HttpHeaders): JsonNode =
  result = newJArray()
  for name, value in headers:
    result.add(%[encode(name), encode(value)])

proc answer(request: Request) {.async.} =
  case request.url.path
  of "/":
    await request.respond(Http200, "hello\n", newHttpHeaders({"Content-Type": "text/plain"}))
  of "/echo":
    # The server hands on no request target and no trailers: null says so.
    let received = %*{"method": $request.reqMethod, "target": newJNull(), "fields": lines(request.headers),
                      "body": encode(request.body), "trailers": newJNull()}
    await request.respond(Http200, $received, newHttpHeaders({"Content-Type": "application/json"}))
  else:
    await request.respond(Http404, "not found\n", newHttpHeaders({"Content-Type": "text/plain"}))

waitFor newAsyncHttpServer().serve(Port(parseInt(paramStr(1))), answer, "127.0.0.1")
