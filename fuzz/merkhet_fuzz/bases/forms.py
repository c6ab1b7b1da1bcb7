"""Forms: multipart/form-data (RFC 7578, RFC 2046) and application/x-www-form-urlencoded, by their grammar."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote_plus

from merkhet_fuzz.dice import Dice

BOUNDARIES = (b"B", b"merkhet", b"'()+_,-./:=?", b"x" * 70, b"a b", b"----WebKitFormBoundaryA")
NAMES = ("a", "b", "a", "name with space", "caf\u00e9", "a;b", "a=b", "a'b", "x" * 100)
CONTENTS = (
    b"one", b"", b"\r\n", b"a\r\nb", b"--", b"--B-no", b"\r\n--", b"\r\n--C\r\n", b"\n--B\n", b"caf\xc3\xa9",
    b"-" * 80, b"x" * 9000, b"\r", b"\r\r\n",
)  # fmt: skip
OCTETS = (b"two", b"", b"\0\xff\xfe", bytes(range(256)), b"\r\n--B", b"y" * 70000)
FILES = ("b.bin", "a b.txt", "caf\u00e9.txt", "a;b.txt", "x.tar.gz", "a'b")
TYPES = (b"application/octet-stream", b"text/plain; charset=utf-8", b"image/png", b"")


class Part(NamedTuple):
    """What a reader has to find: a field's text, or a file with its name and its type ("" for none)."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = ""


class Form(NamedTuple):
    """A form as it is sent, and what is in it."""

    content_type: bytes
    content: bytes
    parts: tuple[Part, ...]


def multipart(dice: Dice) -> Form:
    """Return a form of parts."""
    parts = [_part(dice) for _ in range(1 + dice.below(4))]
    boundary = dice.pick([one for one in BOUNDARIES if not any(b"--" + one in part.content for _, part in parts)])
    body = dice.pick((b"", b"", b"preamble\r\n", b"\r\n"))
    for head, part in parts:
        padding = b" " if dice.chance(5) else b""
        body += b"--" + boundary + padding + b"\r\n" + head + b"\r\n" + part.content + b"\r\n"
    body += b"--" + boundary + b"--" + dice.pick((b"\r\n", b"", b"\r\nepilogue", b" \r\n"))
    is_token = not any(octet in boundary for octet in b'()<>@,;:\\"/[]?={} ')
    written = boundary if is_token and dice.chance(70) else b'"' + boundary + b'"'
    if boundary.isalnum() and dice.chance(8):
        written = b'"' + b"".join(b"\\%c" % octet for octet in boundary) + b'"'
    parameter = dice.pick((b"; boundary=", b";boundary=", b"; BOUNDARY=", b"; charset=utf-8; boundary="))
    kind = dice.pick((b"multipart/form-data", b"Multipart/Form-Data")) + parameter + written
    return Form(kind, body, tuple(part for _, part in parts))


def _part(dice: Dice) -> tuple[bytes, Part]:
    text = dice.pick(NAMES)
    name = text.encode()
    is_file = dice.chance(35)
    kind = b"Content-Disposition" if dice.chance(80) else dice.pick((b"content-disposition", b"CONTENT-DISPOSITION"))
    written = b'name="' + name + b'"'
    filename = dice.pick(FILES) if is_file else None
    if filename is not None:
        file = b'filename="' + filename.encode() + b'"'
        written = written + b"; " + file if dice.chance(80) else file + b"; " + written
    lines = [kind + b": form-data; " + written]
    content_type = dice.pick(TYPES) if is_file else b""
    if content_type:
        lines.append(b"Content-Type: " + content_type)
    if dice.chance(15):
        lines.insert(dice.below(len(lines) + 1), b"X-Other: 1")
    content = dice.pick(OCTETS if is_file else CONTENTS)
    return b"\r\n".join(lines) + b"\r\n", Part(text, content, filename, content_type.decode())


def urlencoded(dice: Dice) -> Form:
    """Return a form of pairs."""
    pairs = [
        (dice.pick(NAMES), dice.pick(("", "1", "a b", "a+b", "100%", "caf\u00e9", "a&b=c")))
        for _ in range(1 + dice.below(4))
    ]
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    parts = tuple(Part(name, value.encode()) for name, value in pairs)
    return Form(b"application/x-www-form-urlencoded", body.encode(), parts)
