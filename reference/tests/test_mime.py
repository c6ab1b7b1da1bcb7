"""Media types by name: the web's own, others, none, and the same whatever the machine says."""

from __future__ import annotations

import importlib.util
import mimetypes
import re

import pytest

from merkhet_reference import mime

OCTETS = "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html"), ("a.htm", "text/html"), ("a.css", "text/css"), ("a.js", "text/javascript"),
        ("a.mjs", "text/javascript"), ("a.json", "application/json"), ("a.js.map", "application/json"),
        ("a.webmanifest", "application/manifest+json"), ("a.wasm", "application/wasm"), ("a.xml", "application/xml"),
        ("a.txt", "text/plain"), ("a.md", "text/markdown"), ("a.csv", "text/csv"), ("a.vtt", "text/vtt"),
        ("a.pdf", "application/pdf"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"), ("a.jpeg", "image/jpeg"),
        ("a.webp", "image/webp"), ("a.avif", "image/avif"), ("a.ico", "image/vnd.microsoft.icon"),
        ("a.woff2", "font/woff2"), ("a.mp4", "video/mp4"), ("a.webm", "video/webm"), ("a.m4a", "audio/mp4"),
        ("a.mp3", "audio/mpeg"), ("a.ogg", "audio/ogg"), ("a.zip", "application/zip"), ("a.tar", "application/x-tar"),
        # any case, any folder, and the last extension alone
        ("A.HTML", "text/html"), ("a.tXt", "text/plain"), ("x.y/a.b.css", "text/css"), ("a.html.bak", OCTETS),
        # of the standard library
        ("a.doc", "application/msword"), ("a.PS", "application/postscript"), ("a.dll", OCTETS),
        # an encoding is no type, and what is encoded is not the file
        ("x.tar.gz", "application/gzip"), ("x.gz", "application/gzip"), ("x.tgz", "application/gzip"),
        ("x.html.gz", "application/gzip"), ("x.svgz", "application/gzip"), ("x.tar.bz2", "application/x-bzip2"),
        ("x.txt.xz", "application/x-xz"), ("x.txt.zst", "application/zstd"), ("x.html.br", OCTETS), ("x.txt.Z", OCTETS),
        # none
        ("", OCTETS), ("README", OCTETS), (".html", OCTETS), ("a.", OCTETS), ("a.html/", OCTETS), ("a.html/b", OCTETS),
        ("html", OCTETS), ("a.nothing-known", OCTETS), ("a.html ", OCTETS), ("a.html\0", OCTETS), ("a.\udcff", OCTETS),
        ("data:text/html,x", OCTETS), ("http://x/a?b.html", "text/html"),
    ],
)  # fmt: skip
def test_types(name: str, kind: str) -> None:
    assert mime.detect_mime_type(name) == kind


def test_what_the_machine_says_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever /etc/mime.types holds is in this table of the standard library, and in it alone.
    monkeypatch.setattr(mimetypes, "types_map", {})
    mimetypes.init([])
    try:
        mimetypes.add_type("x/of-this-machine", ".doc")
        mimetypes.add_type("x/of-this-machine", ".of-this-machine")
        assert mimetypes.guess_type("a.doc") == ("x/of-this-machine", None)
        assert mime.__file__
        spec = importlib.util.spec_from_file_location("mime_again", mime.__file__)
        assert spec
        assert spec.loader
        again = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(again)
        assert again.OTHER_TYPES == mime.OTHER_TYPES
        assert again.detect_mime_type("a.doc") == "application/msword"
        assert again.detect_mime_type("a.of-this-machine") == OCTETS
    finally:
        mimetypes.init()


def test_every_type_is_one() -> None:
    for kind in (*mime.WEB_TYPES.values(), *mime.OTHER_TYPES.values()):
        assert re.fullmatch(r"(application|audio|font|image|message|model|text|video)/[a-z0-9][a-z0-9.+-]*", kind)
    assert all(extension == extension.lower() and "." not in extension for extension in mime.WEB_TYPES)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text/html", b"text/html; charset=utf-8"), ("text/javascript", b"text/javascript; charset=utf-8"),
        ("text/plain; charset=iso-8859-1", b"text/plain; charset=iso-8859-1"), ("text/xml", b"text/xml"),
        ("application/json", b"application/json"), ("image/svg+xml", b"image/svg+xml"), (OCTETS, OCTETS.encode()),
    ],
)  # fmt: skip
def test_text_is_utf_8(kind: str, value: bytes) -> None:
    assert mime.with_charset(kind) == value
