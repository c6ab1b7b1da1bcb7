"""Requests to the endpoints of the target contract (docs/contract.md): legal ones, a few on each connection.

Targets, validators and the host stand as placeholders, which are filled for each target: `{files:merkhet.txt}`,
`{etag:merkhet.txt}`, `{modified:merkhet.txt:+60}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from merkhet_fuzz.bases import asides, events, forms
from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length

SEEDS = 1 << 16
Fields = list[tuple[str, bytes, Grammar]]
FILES = ("merkhet.txt", "empty.txt", "one.bin", "small.bin", "text.txt", "page.html", "folder/inner.txt")
NAMED_FILES = ("a b.txt", "A.txt", "%41.txt", "a..b.txt", "\N{LATIN SMALL LETTER U WITH DIAERESIS}ber.txt")
CODES = (200, 201, 202, 204, 205, 206, 299, 300, 301, 304, 400, 403, 404, 410, 416, 418, 429, 499, 500, 503)
WORDS = (
    "a",
    "abc",
    "a b",
    "a%41",
    "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "a+b",
    "a;b=c",
    "a,b",
    "a?b",
    "a#b",
    "~",
    "\N{EURO SIGN}",
    "%",
)
DOWNLOADS = (
    "plain.txt", "a b.txt", 'a"b.txt', "a\\b.txt", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.txt", "\N{EURO SIGN}.txt", "a%41.txt",
    "a;b.txt", "a'b.txt", "a,b.txt", "\N{SNOWMAN}", "a=b.txt", "=?utf-8?q?a?=.txt", "a\nb.txt", "a\rb.txt", "\u0394.txt",
    "\u00e9'(*).txt",
)  # fmt: skip
PLAIN: Fields = [
    ("Accept", b"*/*", Grammar.LIST), ("User-Agent", b"merkhet/1 (a; b)", Grammar.TEXT), ("X-Empty", b"", Grammar.TEXT),
    ("X-Two", b"1", Grammar.TEXT), ("X-Two", b"2", Grammar.TEXT), ("X_Low", b"3", Grammar.TEXT), ("X-Low", b"4", Grammar.TEXT),
    ("Te", b"trailers", Grammar.LIST), ("X-Obs", b"caf\xe9", Grammar.TEXT), ("Cookie", b"a=1; b=2", Grammar.TEXT),
    ("X-Long", b"v" * 3000, Grammar.TEXT), ("X-Inner", b"a  b\tc", Grammar.TEXT),
    ("Accept-Language", b"en, de;q=0.5", Grammar.LIST),
]  # fmt: skip
CODINGS = (
    b"gzip", b"gzip, deflate", b"identity", b"gzip;q=0", b"gzip;q=0.5, identity;q=1", b"gzip;q=1.0, identity;q=0.1",
    b"*", b"*;q=0.5",
    b"identity;q=0, gzip", b"", b"br", b"GZIP", b"x-gzip", b"gzip ; q=0.001", b"deflate;q=0.3,gzip;q=0.9",
    b"br, *;q=0.1", b"gzip;q=0.000",
    b"identity;q=1, *;q=0", b"*;q=0, gzip;q=1", b"gzip;Q=0", b",gzip,", b"compress, unknown;q=0.7",
)  # fmt: skip
TYPES = (
    b"text/html", b"application/json", b"*/*", b"text/html;q=0.5, application/json", b"text/html, application/json;q=0.9",
    b"text/*;q=0.3, application/json;q=0.2", b"application/*, text/html;q=0.1", b"text/html;q=0, application/json",
    b"application/json;q=0, */*", b"image/png, text/html;q=0.001", b"TEXT/HTML", b"text/html;level=1, application/json;q=0.5",
    b"*/*;q=0.1, application/json;q=0.9", b"application/json , text/html ; q=0.4",
)  # fmt: skip
CREDENTIALS = (
    b"Basic bWVya2hldDptZXJraGV0", b"basic bWVya2hldDptZXJraGV0", b"BASIC  bWVya2hldDptZXJraGV0", b"Basic bWVya2hldDo=",
    b"Basic", b"Basic !", b"Bearer bWVya2hldDptZXJraGV0", b"Basic bWVya2hldDptZXJraGV0eA==", b"bWVya2hldDptZXJraGV0", b"Basic =",
)  # fmt: skip
TAGS = (
    b"{etag:FILE}", b"W/{opaque:FILE}", b"{opaque:FILE}", b'"no-such"', b'W/"no-such"', b"*", b'"a", {etag:FILE}', b'"a","b"',
    b'"a,b", W/"c"', b'""', b', {etag:FILE} ,"z"',
)  # fmt: skip
DATES = (
    b"{modified:FILE}", b"{modified:FILE:+60}", b"{modified:FILE:-60}", b"{modified:FILE:-1}", b"{modified:FILE:+1}",
    b"{modified850:FILE}",
    b"{modifiedasc:FILE}", b"no date", b"Thu, 01 Jan 1970 00:00:00 GMT", b"Sat, 01 Jan 2000 00:00:00 GMT",
    b"{modified:FILE:-60}, {modified:FILE:+60}", b"{modifiedasc:FILE:-86400}", b"{modified850:FILE:-86400}",
)  # fmt: skip
SPECS = (
    b"0-0", b"0-", b"-1", b"0-99", b"1-1", b"-0", b"-5000000000", b"500-", b"999-", b"0-5000000000", b"00-09",
    b"10-19", b"998-1000",
    b"1000-1001", b"5000000000-", b"18446744073709551616-", b"0-18446744073709551615", b"-18446744073709551617",
    b"2399-2399", b"2400-", b"1-",
)  # fmt: skip
CONDITIONS = (
    ("If-None-Match",), ("If-Match",), ("If-Modified-Since",), ("If-Unmodified-Since",),
    ("If-None-Match", "If-Modified-Since"), ("If-Match", "If-Unmodified-Since"), ("If-Match", "If-None-Match"),
    ("If-Unmodified-Since", "If-None-Match"), ("If-Unmodified-Since", "If-Modified-Since"),
    ("If-Modified-Since", "If-Modified-Since"),
)  # fmt: skip
UNITS = (b"bytes", b"bytes", b"bytes", b"bytes", b"Bytes", b"lines", b"byte")


class Exchanges:
    """Puts requests on one connection together; the last one says that it is the last."""

    def __init__(self, builder: Builder, count: int) -> None:
        self.builder = builder
        self.dice = builder.dice
        self.count = count
        self.meanings: list[object] = []

    def request(
        self, method: str, target: str, fields: Fields, content: bytes | None = None, meaning: object = None
    ) -> None:
        """Add a request of HTTP/1.1, or of HTTP/1.0 if it is the last and so it falls. `meaning` is what is in its content."""
        self.meanings.append(content if meaning is None else meaning)
        builder, dice = self.builder, self.dice
        is_last = builder.message == self.count - 1
        is_old = is_last and content is None and not builder.is_simplest and dice.chance(12)
        self._line(method, target, b"HTTP/1.0" if is_old else b"HTTP/1.1")
        builder.field("Host", b"{host}", "host", Grammar.TEXT)
        for name, value, grammar in fields:
            self._field(name, value, grammar)
        if not builder.is_simplest and dice.chance(20):
            self._field(*dice.pick(PLAIN))
        if is_last:
            builder.field("Connection", self._option(is_old=is_old), "field", Grammar.LIST)
        if content is not None:
            self._content(content)
        else:
            builder.unit("head-end", "head-end", ("end", Grammar.LINE_END, CRLF))
        builder.message += 1

    def _option(self, *, is_old: bool) -> bytes:
        if self.builder.is_simplest:
            return b"close"
        if is_old:
            return self.dice.pick((b"close", b"keep-alive", b"x"))
        return self.dice.pick((b"close", b"close", b"Close", b"x-a, close", b"close, x-a", b"keep-alive, CLOSE"))

    def _line(self, method: str, target: str, version: bytes) -> None:
        self.builder.unit(
            "request-line", "request-line",
            ("method", Grammar.TOKEN, method.encode()), ("space1", Grammar.SPACE, b" "),
            ("target", Grammar.TARGET, target.encode()), ("space2", Grammar.SPACE, b" "),
            ("version", Grammar.VERSION, version), ("end", Grammar.LINE_END, CRLF),
        )  # fmt: skip

    def _field(self, name: str, value: bytes, grammar: Grammar) -> None:
        builder = self.builder
        unit, number = name, 1
        while builder.named(unit.lower()) in builder.roles:
            number += 1
            unit = f"{name}-{number}"
        made = builder.field(unit, value, "field", grammar)
        if unit != name:
            places = {piece.name: at for at, piece in enumerate(builder.pieces)}
            at = places[f"{made}.name"]
            builder.pieces[at] = builder.pieces[at]._replace(octets=name.encode())

    def _content(self, content: bytes) -> None:
        builder = self.builder
        if builder.is_simplest or self.dice.chance(60):
            length = builder.field("Content-Length", b"%d" % len(content), "content-length", Grammar.DIGITS)
            builder.unit("head-end", "head-end", ("end", Grammar.LINE_END, CRLF))
            body = builder.unit("content", "content", ("octets", Grammar.OCTETS, content))
            builder.lengths.append(Length(f"{length}.value", (f"{body}.octets",)))
            return
        builder.field("Transfer-Encoding", b"chunked", "transfer-encoding", Grammar.LIST)
        builder.unit("head-end", "head-end", ("end", Grammar.LINE_END, CRLF))
        at = self.dice.below(len(content) + 1)
        for number, part in enumerate((content[:at], content[at:])):
            if part:
                builder.unit(f"chunk{number}", "chunk", ("octets", Grammar.FIXED, b"%x\r\n%b\r\n" % (len(part), part)))
        trailer = b"X-Trailer: t\r\n" if self.dice.chance(40) else b""
        builder.unit("last", "chunk", ("octets", Grammar.FIXED, b"0\r\n" + trailer + CRLF))


def _at(endpoint: str, value: str) -> str:
    """Return the placeholder of an endpoint with a value in its path."""
    return f"{{{endpoint}:{value}}}"


def _method(dice: Dice, options: Sequence[str] = ("GET", "GET", "HEAD")) -> str:
    return dice.pick(options)


def plain(made: Exchanges) -> None:
    """Ask for what has no options: the root, a status, a stream, a redirect, a word."""
    dice = made.dice
    roll = dice.below(6)
    if roll == 0:
        made.request(_method(dice), "{root}", [])
    elif roll == 1:
        made.request(_method(dice), f"{{status:{dice.pick(CODES)}}}", [])
    elif roll == 2:
        made.request("GET", f"{{stream:{dice.pick((0, 1, 2, 7, 300))}}}", [])
    elif roll == 3:
        made.request(_method(dice), "{redirect}", [])
    elif roll == 4:
        words = "".join(dice.pick(WORDS) for _ in range(1 + dice.below(3)))
        made.request("GET", _at("param", quote(words, safe=dice.pick(("", ";=,~+")))), [])
    else:
        made.request(_method(dice), "{root}no-such-place", [])


def echo(made: Exchanges) -> None:
    """Ask what is read of a request: its fields above all."""
    dice = made.dice
    fields: Fields = [dice.pick(PLAIN) for _ in range(dice.below(5))]
    method = dice.pick(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "MERKHET", "get"))
    target = "{echo}" + dice.pick(("", "?", "?a=b&c", "?%00", "?a=%2F/../?", "?" + "q" * 3000))
    content = None if method in {"GET", "DELETE", "OPTIONS", "get"} and dice.chance(80) else _some(dice)
    made.request(method, target, fields, content)


def _some(dice: Dice) -> bytes:
    return dice.pick((b"", b"hello", b"\0\r\n\r\nGET / HTTP/1.1\r\n\r\n", bytes(range(256)), b"x" * 70000))


def _path(dice: Dice, name: str) -> str:
    """Return a file's path as it may be written: what need not be encoded may be."""
    safe = dice.pick(("/", "/", "/~!$&'()*+,;=:@"))
    written = quote(name, safe=safe)
    if dice.chance(15):
        at = next((at for at, letter in enumerate(written) if letter.isalpha() and written[at - 1 : at] != "%"), None)
        if at is not None and "%" not in written:
            written = f"{written[:at]}%{ord(written[at]):02{dice.pick('xX')}}{written[at + 1 :]}"
    return written


def files(made: Exchanges) -> None:
    """Ask for files by their names, and for some that are not there or lie outside."""
    dice = made.dice
    outside = (
        "no-such.txt",
        "../merkhet.txt",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%252e%252e/a",
        "a%00b.txt",
        "merkhet.txt%00",
        "merkhet.txt%00.html",
        "folder",
    )
    target = dice.pick(outside) if dice.chance(20) else _path(dice, dice.pick((*FILES, *NAMED_FILES)))
    made.request(_method(dice, ("GET", "GET", "HEAD", "GET", "POST")), _at("files", target), [], None)


def ranges(made: Exchanges) -> None:
    """Ask for parts of files."""
    dice = made.dice
    name = dice.pick(("merkhet.txt", "small.bin", "one.bin", "empty.txt", "text.txt", "large.bin"))
    count = 1 if dice.chance(60) else 2 + dice.below(3)
    specs = [dice.pick(SPECS) if dice.chance(70) else b"%d-%d" % _ascending(dice) for _ in range(count)]
    value = dice.pick(UNITS) + b"=" + dice.pick((b",", b", ", b" ,")).join(specs)
    fields: Fields = [("Range", value, Grammar.TEXT)]
    if dice.chance(25):
        options = (*TAGS[:5], *DATES[:10])
        fields.append(("If-Range", dice.pick(options).replace(b"FILE", name.encode()), Grammar.TEXT))
    if dice.chance(10):
        fields.append(("If-None-Match", b"{etag:%b}" % name.encode(), Grammar.TEXT))
    made.request(_method(dice, ("GET", "GET", "GET", "GET", "HEAD", "POST")), _at("files", name), fields, None)


def _ascending(dice: Dice) -> tuple[int, int]:
    first = dice.below(2500)
    return first, first + dice.below(300)


def conditions(made: Exchanges) -> None:
    """Ask under conditions, one or several."""
    dice = made.dice
    name = dice.pick(("merkhet.txt", "small.bin", "empty.txt"))
    fields: Fields = []
    for field in dice.pick(CONDITIONS):
        options = TAGS if field.endswith("Match") else DATES
        value = options[0] if dice.chance(25) else dice.pick(options)
        fields.append((field, value.replace(b"FILE", name.encode()), Grammar.TEXT))
    target = _at("files", "no-such.txt" if dice.chance(8) else name)
    made.request(_method(dice, ("GET", "GET", "GET", "HEAD", "POST")), target, fields, None)


def coding(made: Exchanges) -> None:
    """Ask for a text in one coding or another."""
    dice = made.dice
    fields: Fields = [("Accept-Encoding", dice.pick(CODINGS), Grammar.LIST)] if dice.chance(92) else []
    if dice.chance(15):
        fields.append(dice.pick((("Range", b"bytes=0-9", Grammar.TEXT), ("If-None-Match", b"*", Grammar.TEXT))))
    made.request(_method(dice), "{gzip}", fields, None)


def choice(made: Exchanges) -> None:
    """Ask for one of two representations."""
    dice = made.dice
    fields: Fields = [("Accept", dice.pick(TYPES), Grammar.LIST)] if dice.chance(92) else []
    made.request(_method(dice), "{conneg}", fields, None)


def download(made: Exchanges) -> None:
    """Ask for a file that is to be saved under a name."""
    dice = made.dice
    made.request(_method(dice), _at("download", quote(dice.pick(DOWNLOADS), safe="")), [], None)


def auth(made: Exchanges) -> None:
    """Ask for what needs credentials, with and without."""
    dice = made.dice
    fields: Fields = [("Authorization", dice.pick(CREDENTIALS), Grammar.TEXT)] if dice.chance(85) else []
    made.request(_method(dice), "{auth}", fields, None)


def trace(made: Exchanges) -> None:
    """Ask for the request itself."""
    dice = made.dice
    secret: Fields = [("Authorization", b"Basic YTpi", Grammar.TEXT), ("Cookie", b"a=1", Grammar.TEXT)]
    fields: Fields = [dice.pick((*PLAIN, *secret)) for _ in range(1 + dice.below(3))]
    made.request("TRACE", "{trace}", fields, None)


def stored(made: Exchanges) -> None:
    """Store something, replace it, ask for it, and delete it; some of it under conditions."""
    dice = made.dice
    target = _at("mutable", f"merkhet-fuzz-{made.builder.seed}")
    made.request("DELETE", target, [], None)
    made.request("PUT", target, [], _some(dice))
    for _ in range(made.count - 4):
        roll = dice.below(4)
        fields: Fields = []
        if dice.chance(60):
            name = dice.pick(("If-Match", "If-None-Match", "If-Match", "If-None-Match", "If-Modified-Since"))
            tag = dice.pick((b"*", b'"no-such"', b'W/"no"'))
            fields = [(name, asides.FUTURE if name.endswith("Since") else tag, Grammar.TEXT)]
        if roll == 0:
            made.request("PUT", target, fields, _some(dice))
        elif roll == 1:
            made.request(_method(dice), target, [], None)
        elif roll == 2:
            made.request("DELETE", target, fields, None)
        else:
            made.request("PUT", target, [("Content-Range", b"bytes 0-1/5", Grammar.TEXT)], b"ab")
    made.request("GET", target, [], None)
    made.request("DELETE", target, [], None)


def form(made: Exchanges) -> None:
    """Send a form, in one of its two codings."""
    made_form = forms.urlencoded(made.dice) if made.dice.chance(30) else forms.multipart(made.dice)
    kind = ("Content-Type", made_form.content_type, Grammar.TEXT)
    made.request("POST", "{form}", [kind], made_form.content, made_form.parts)


def stream(made: Exchanges) -> None:
    """Ask for events."""
    target, fields = events.request(made.dice)
    made.request("GET", target, list(fields), None)


MAKERS: dict[str, tuple[Callable[[Exchanges], None], frozenset[str]]] = {
    "plain": (plain, frozenset(("status", "stream", "redirect", "param"))),
    "echo": (echo, frozenset(("echo",))),
    "files": (files, frozenset(("files",))),
    "ranges": (ranges, frozenset(("files",))),
    "conditions": (conditions, frozenset(("files",))),
    "coding": (coding, frozenset(("gzip",))),
    "choice": (choice, frozenset(("conneg",))),
    "download": (download, frozenset(("download",))),
    "auth": (auth, frozenset(("auth",))),
    "trace": (trace, frozenset(("trace",))),
    "stored": (stored, frozenset(("mutable",))),
    "form": (form, frozenset(("form",))),
    "asides": (asides.asides, frozenset(("status", "stream", "redirect", "param", "files"))),
    "pieces": (asides.pieces, frozenset(("pieces",))),
    "crowd": (asides.crowd, frozenset(("echo",))),
    "tag-lines": (asides.tag_lines, frozenset(("files",))),
    "events": (stream, frozenset(("sse", "sse-echo", "sse-resume"))),
}
"""By name: what adds a request, and the endpoints that it needs."""
NAMES = tuple(MAKERS)


def make(name: str, seed: int) -> Base:
    """Return a base: one request in the simplest, else up to four."""
    builder = Builder(Kind.EXCHANGE, name, seed)
    count = 1 if builder.is_simplest else 1 + builder.dice.below(4)
    if name == "stored":
        count += 4
    made = Exchanges(builder, count)
    if name == "stored":
        stored(made)
    else:
        for _ in range(count):
            MAKERS[name][0](made)
    return builder.base(*made.meanings)
