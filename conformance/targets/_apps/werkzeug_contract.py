"""The endpoints of the target contract that WSGI's own library has means for, as Werkzeug offers them.

Files, negotiation, forms, downloads and credentials are read and written by Werkzeug. It has no content coding and no event
streams; these are not offered.
"""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotAcceptable, UnsupportedMediaType
from werkzeug.formparser import parse_form_data
from werkzeug.utils import send_file, send_from_directory
from werkzeug.wrappers import Request, Response

PATHS = ("/files/", "/conneg", "/form", "/download/", "/private")
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
READ = ("GET", "HEAD")
REPRESENTATIONS = {"text/html": "<p>merkhet</p>", "application/json": '{"name": "merkhet"}'}


def is_here(path: str) -> bool:
    """Whether a decoded path is one of these endpoints."""
    return any(path.startswith(prefix) if prefix.endswith("/") else path == prefix for prefix in PATHS)


def conneg(request: Request) -> Response:
    best = request.accept_mimetypes.best_match(list(REPRESENTATIONS))
    if best is None:
        raise NotAcceptable
    response = Response(REPRESENTATIONS[best], content_type=best)
    response.vary.add("Accept")
    return response


def form(request: Request) -> Response:
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    collected: Any = list  # in place of a MultiDict, which does not keep the order of different names
    try:
        _, fields, files = parse_form_data(request.environ, silent=False, cls=collected)
    except ValueError as problem:
        raise BadRequest from problem
    told = [
        [name, file.filename, file.headers.get("Content-Type"), base64.b64encode(file.read()).decode("ascii")]
        for name, file in files
    ]
    return Response(json.dumps({"fields": fields, "files": told}), content_type="application/json")


def download(request: Request, name: str) -> Response:
    return send_file(
        io.BytesIO(b"download\n"),
        request.environ,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=name,
    )


def private(request: Request) -> Response:
    who = request.authorization
    if who is not None and (who.type, who.username, who.password) == ("basic", "merkhet", "merkhet"):
        return Response("private\n", content_type="text/plain")
    response = Response("401\n", 401, content_type="text/plain")
    response.www_authenticate = WWWAuthenticate("basic", {"realm": "merkhet"})
    return response


def create_app(files: str) -> Any:
    """Return the application; `files` is the folder below which `/files/` serves."""

    def answer(request: Request) -> Response:
        path = request.path
        allowed = ("POST",) if path == "/form" else READ
        if request.method not in allowed:
            raise MethodNotAllowed(allowed)
        if path.startswith("/files/"):
            return send_from_directory(files, path.removeprefix("/files/"), request.environ)
        if path.startswith("/download/"):
            return download(request, path.removeprefix("/download/"))
        return {"/conneg": conneg, "/form": form, "/private": private}[path](request)

    @Request.application
    def app(request: Request) -> Any:
        try:
            return answer(request)
        except HTTPException as problem:
            return problem

    return app
