"""A FastAPI app with the endpoints root and echo of merkhet's contract."""

from base64 import b64encode

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
app = FastAPI()


def octets(data: bytes) -> str:
    """Put octets into JSON, as the contract has them."""
    return b64encode(data).decode()


@app.api_route("/", methods=["GET", "HEAD"])
async def root() -> PlainTextResponse:
    """Answer a plain request."""
    return PlainTextResponse("hello\n")


@app.api_route("/echo", methods=METHODS)
async def echo(request: Request) -> dict[str, object]:
    """Tell what was received. ASGI hands on no trailers: null says so."""
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    fields = [[octets(name), octets(value)] for name, value in request.headers.raw]
    body = octets(await request.body())
    return {"method": request.method, "target": octets(target), "fields": fields, "body": body, "trailers": None}
