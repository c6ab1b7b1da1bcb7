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
    """Tell what was received. The server hands on no request target and no trailers: null says so."""
    fields = [[octets(name), octets(value)] for name, value in request.headers.raw]
    body = octets(await request.body())
    return {"method": request.method, "target": None, "fields": fields, "body": body, "trailers": None}
