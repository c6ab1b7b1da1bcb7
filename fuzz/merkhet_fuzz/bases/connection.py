"""Requests that say how a connection goes on (RFC 9112, Sections 3.2, 6.1 and 9; RFC 9110, Section 10.1.1).

Many requests one behind the other, options of Connection, HTTP/1.0, the other forms of request target, expectations. All of
it is legal, but for a content that is framed twice.
"""

from __future__ import annotations

from typing import NamedTuple

from merkhet.model import Weight
from merkhet_fuzz.bases.http import canary, chunked, chunked_body, get, head_end, post
from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length

USUAL_BYTES = 7900
"""Of a query: with all that a target's own path adds, the request line has fewer than 8000."""
MANY = 16
HUNDRED = 100
ENDLESS_BYTES = 1 << 20
TRAILERS = (
    ("Connection", b"close"), ("Content-Length", b"5"), ("Transfer-Encoding", b"chunked"), ("Host", b"b"),
    ("Expect", b"100-continue"),
)  # fmt: skip
"""Fields that mean nothing in a trailer section."""
CLOSES = (
    (b"close",), (b"Close",), (b"CLOSE",), (b"x-a, close",), (b"close, x-a",), (b"x-a,close,x-b",), (b"x-a", b"close"),
    (b"close", b"x-a"), (b"keep-alive, close",), (b"keep-alive", b"close"), (b"close", b"keep-alive"),
    (b",close",), (b"close ,",), (b"x-a ,\tclose",),
)  # fmt: skip
"""Field lines of Connection that say that this request is the last one."""
STAYS = (
    (b"keep-alive",),
    (b"x-close",),
    (b"closed",),
    (b"close-not",),
    (b"x-a, x-b",),
    (b"",),
    (b"Keep-Alive", b"x-a"),
)
"""Field lines that do not."""
OLD_STAYS = ((), (b"x-a",), (b"x-keep-alive",), (b"keep-alive-x",))
NAMES = (
    "many", "close", "stays", "old", "old-kept", "old-chunked", "both", "expect", "expect-old", "expect-other", "absolute",
    "asterisk", "slow", "shut", "hundred", "bare", "trailers", "endless", "absolute-case", "absolute-empty", "secure", "later",
    "star", "long-line", "long-target", "long-method", "unknown-coding", "old-hosts",
)  # fmt: skip
EDITED = frozenset(("many",))
"""Bases that are edited; the others are what they are about, and travel in any way."""


class Rules(NamedTuple):
    """What holds of a connection. `answered` requests may have an answer, and then it ends; -1: all, and the last says so.

    `behind` is the requirement that is broken by an answer to a later one, or by a connection that stays open.
    `may_refuse`: an error is as right as an answer. `may_end`: the connection may end behind any answer. `awaits`: the
    content is sent when the server asks for it; `hesitates`: when it was silent for a while, and nothing was to be asked.
    `asked` is the requirement that a refusal or a missing answer breaks; for some bases, an answer, or another status.
    """

    answered: int = -1
    behind: str = "rfc9112-9.6-3"
    weight: Weight | None = None
    may_refuse: bool = False
    may_end: bool = False
    awaits: bool = False
    hesitates: bool = False
    asked: str = ""


class Line(NamedTuple):
    """A request's first line, and what frames its content."""

    method: bytes = b"GET"
    target: bytes = b"/"
    version: bytes = b"HTTP/1.1"
    content: bytes | None = None


def request(builder: Builder, line: Line, *fields: tuple[str, bytes]) -> None:
    """Add a request with these fields, the content's length behind them."""
    builder.unit(
        "request-line", "request-line",
        ("method", Grammar.TOKEN, line.method), ("space1", Grammar.SPACE, b" "), ("target", Grammar.TARGET, line.target),
        ("space2", Grammar.SPACE, b" "), ("version", Grammar.VERSION, line.version), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
    builder.field("Host", b"a", "host", Grammar.TEXT)
    for number, (name, value) in enumerate(fields, 1):
        builder.unit(
            f"{name.lower()}{number}", "field",
            ("name", Grammar.TOKEN, name.encode()), ("colon", Grammar.COLON, b":"), ("before", Grammar.OWS, b" "),
            ("value", Grammar.TEXT, value), ("behind", Grammar.OWS, b""), ("end", Grammar.LINE_END, CRLF),
        )  # fmt: skip
    if line.content is None:
        head_end(builder)
        return
    length = builder.field("Content-Length", b"%d" % len(line.content), "content-length", Grammar.DIGITS)
    head_end(builder)
    body = builder.unit("content", "content", ("octets", Grammar.OCTETS, line.content))
    builder.lengths.append(Length(f"{length}.value", (f"{body}.octets",)))


def _plain(builder: Builder) -> None:
    """Add a request that every server takes."""
    request(builder, _either_method(builder))


def _lines(values: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    return [("Connection", value) for value in values]


def _either_method(builder: Builder) -> Line:
    content = None if builder.is_simplest or builder.dice.chance(50) else b"hello"
    return Line(b"GET" if content is None else b"POST", content=content)


def many(builder: Builder) -> Rules:
    """Many requests; four in the simplest."""
    for _ in range(4 if builder.is_simplest else MANY):
        builder.dice.pick((get, post, chunked))(builder)
        builder.message += 1
    builder.message -= 1
    return Rules()


def close(builder: Builder) -> Rules:
    """A request that says that it is the last, and others before and behind it."""
    for _ in range(0 if builder.is_simplest else builder.dice.below(3)):
        _plain(builder)
        builder.message += 1
    request(builder, _either_method(builder), *_lines(builder.dice.pick(CLOSES[:1] if builder.is_simplest else CLOSES)))
    return Rules(builder.message + 1, "rfc9112-9.6-5", may_refuse=True, may_end=True)


def stays(builder: Builder) -> Rules:
    """A request with options that do not end the connection."""
    request(builder, _either_method(builder), *_lines(builder.dice.pick(STAYS)))
    return Rules(behind="rfc9112-9.3-1")


def old(builder: Builder) -> Rules:
    """A request of HTTP/1.0 without keep-alive."""
    options = () if builder.is_simplest else builder.dice.pick(OLD_STAYS)
    request(builder, _either_method(builder)._replace(version=b"HTTP/1.0"), *_lines(options))
    return Rules(1, "rfc9112-9.3-a2", Weight.WARNING, may_refuse=True, may_end=True)


def old_kept(builder: Builder) -> Rules:
    """A request of HTTP/1.0 with keep-alive: the server may end the connection, or not."""
    options = builder.dice.pick(((b"keep-alive",), (b"Keep-Alive",), (b"x-a, keep-alive",)))
    request(builder, _either_method(builder)._replace(version=b"HTTP/1.0"), *_lines(options))
    return Rules(may_refuse=True, may_end=True)


def old_chunked(builder: Builder) -> Rules:
    """HTTP/1.0 knows no transfer coding: whoever takes it ends the connection (RFC 9112, Section 6.1)."""
    _coded(builder, b"HTTP/1.0", builder.dice.pick(((), (b"keep-alive",))), ())
    return Rules(1, "rfc9112-6.1-14", may_refuse=True, may_end=True)


def both(builder: Builder) -> Rules:
    """A content that is framed twice: refused, or read in chunks, and then the connection ends."""
    _coded(
        builder, b"HTTP/1.1", (), (b"5",) if builder.is_simplest else (builder.dice.pick((b"5", b"0", b"15", b"21")),)
    )
    return Rules(1, "rfc9112-6.1-13", may_refuse=True, may_end=True)


def _coded(
    builder: Builder, version: bytes, options: tuple[bytes, ...], lengths: tuple[bytes, ...], *, plain: bool = False
) -> None:
    builder.unit(
        "request-line", "request-line",
        ("method", Grammar.TOKEN, b"POST"), ("space1", Grammar.SPACE, b" "), ("target", Grammar.TARGET, b"/"),
        ("space2", Grammar.SPACE, b" "), ("version", Grammar.VERSION, version), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
    builder.field("Host", b"a", "host", Grammar.TEXT)
    coding = [("Transfer-Encoding", b"chunked", "transfer-encoding")]
    fields = [*coding, *(("Content-Length", length, "free") for length in lengths)]
    if builder.dice.chance(50) and not builder.is_simplest:
        fields.reverse()
    for name, value, role in fields:
        builder.field(name, value, role, Grammar.TEXT)
    for option in options:
        builder.field("Connection", option, "field", Grammar.TEXT)
    head_end(builder)
    if not plain:
        chunked_body(builder)
        return
    builder.unit("chunk", "chunk-line", ("size", Grammar.FIXED, b"5"), ("end", Grammar.LINE_END, CRLF))
    builder.unit("data", "chunk-data", ("octets", Grammar.OCTETS, b"hello"))
    builder.unit("data-end", "chunk-data-end", ("end", Grammar.LINE_END, CRLF))
    builder.unit("last", "chunk-line", ("size", Grammar.FIXED, b"0"), ("end", Grammar.LINE_END, CRLF))
    builder.unit("body-end", "body-end", ("end", Grammar.LINE_END, CRLF))


def expect(builder: Builder) -> Rules:
    """A content that is sent when the server says that it may be."""
    content = b"hello" if builder.is_simplest else builder.dice.pick((b"hello", b"x" * 3000))
    option = b"100-continue" if builder.is_simplest else builder.dice.pick((b"100-continue", b"100-Continue"))
    request(builder, Line(b"POST", content=content), ("Expect", option))
    return Rules(may_end=True, awaits=True)


def expect_old(builder: Builder) -> Rules:
    """A client of HTTP/1.0 is told nothing before the answer."""
    request(builder, Line(b"POST", version=b"HTTP/1.0", content=b"hello"), ("Expect", b"100-continue"))
    return Rules(1, "rfc9112-9.3-a2", Weight.WARNING, may_refuse=True, may_end=True, hesitates=True)


def expect_other(builder: Builder) -> Rules:
    """An expectation that nobody knows may be refused."""
    request(builder, _either_method(builder), ("Expect", b"x-other"))
    return Rules(may_refuse=True, may_end=True)


def absolute(builder: Builder) -> Rules:
    """A request target in absolute-form (RFC 9112, Section 3.2.2)."""
    target = b"http://a" + (b"/" if builder.is_simplest else builder.dice.pick((b"/", b"/?a=b", b"/?a/b")))
    request(builder, Line(target=target))
    return Rules(asked="rfc9112-3.2.2-6")


def absolute_case(builder: Builder) -> Rules:
    """A scheme in capital letters (RFC 3986, Section 3.1)."""
    scheme = b"HTTP" if builder.is_simplest else builder.dice.pick((b"HTTP", b"Http", b"hTTp"))
    request(builder, Line(target=scheme + b"://a/"))
    return Rules(asked="rfc3986-3.1-a1", weight=Weight.WARNING)


def absolute_empty(builder: Builder) -> Rules:
    """An empty path, which is the root (RFC 3986, Section 6.2.3)."""
    request(
        builder, Line(target=b"http://a" if builder.is_simplest else builder.dice.pick((b"http://a", b"http://a?a")))
    )
    return Rules(asked="rfc3986-6.2.3-a1", weight=Weight.WARNING)


def secure(builder: Builder) -> Rules:
    """A URI of https on a connection that is not secured (RFC 9110, Section 7.4)."""
    request(builder, Line(target=b"https://a/"))
    return Rules(may_refuse=True, may_end=True, asked="rfc9110-7.4-2", weight=Weight.WARNING)


def later(builder: Builder) -> Rules:
    """A minor version that is yet to come is read as the highest that there is (RFC 9110, Section 6.2)."""
    version = b"HTTP/1.2" if builder.is_simplest else builder.dice.pick((b"HTTP/1.2", b"HTTP/1.9"))
    request(builder, _either_method(builder)._replace(version=version))
    return Rules(may_end=True, asked="rfc9110-6.2-6", weight=Weight.WARNING)


def star(builder: Builder) -> Rules:
    """Nothing but OPTIONS is about the server as a whole (RFC 9112, Section 3.2.4)."""
    request(builder, Line(target=b"*"))
    return Rules(may_refuse=True, may_end=True, asked="rfc9112-3.2.4-a1", weight=Weight.WARNING)


def long_line(builder: Builder) -> Rules:
    """A request line that every server should take (RFC 9112, Section 3)."""
    length = USUAL_BYTES if builder.is_simplest else 1000 + builder.dice.below(USUAL_BYTES - 1000)
    request(builder, Line(target=b"/?" + b"a" * length))
    return Rules(asked="rfc9112-3-4", weight=Weight.WARNING)


def long_target(builder: Builder) -> Rules:
    """A target that is longer than any server need take."""
    request(builder, Line(target=b"/?" + b"a" * (70000 if builder.is_simplest else builder.dice.pick((70000, 300000)))))
    return Rules(may_refuse=True, may_end=True, asked="rfc9112-3-3", weight=Weight.WARNING)


def long_method(builder: Builder) -> Rules:
    """A method that is longer than any that there is."""
    request(builder, Line(b"M" * (512 if builder.is_simplest else builder.dice.pick((64, 512, 4000)))))
    return Rules(may_refuse=True, may_end=True, asked="rfc9112-3-2", weight=Weight.WARNING)


def unknown_coding(builder: Builder) -> Rules:
    """A transfer coding that nobody knows, beneath chunked (RFC 9112, Section 6.1)."""
    _coded(builder, b"HTTP/1.1", (), (), plain=True)
    at = next(at for at, piece in enumerate(builder.pieces) if piece.name == "transfer-encoding.value")
    builder.pieces[at] = builder.pieces[at]._replace(octets=b"blegh, chunked")
    return Rules(may_refuse=True, may_end=True, asked="rfc9112-6.1-9", weight=Weight.WARNING)


def old_hosts(builder: Builder) -> Rules:
    """A request of HTTP/1.0 needs no Host, and has no two (RFC 9112, Section 3.2)."""
    request(builder, Line(version=b"HTTP/1.0"), ("Host", b"a"))
    return Rules(1, may_refuse=True, may_end=True, asked="rfc9112-3.2-6b")


def asterisk(builder: Builder) -> Rules:
    """A request about the server as a whole (RFC 9112, Section 3.2.4)."""
    request(builder, Line(b"OPTIONS", b"*"))
    return Rules(may_refuse=True, may_end=True)


def slow(builder: Builder) -> Rules:
    """A request that takes its time, and others that are behind it."""
    request(builder, Line(target=b"/?slow"))
    for _ in range(1 if builder.is_simplest else 1 + builder.dice.below(3)):
        builder.message += 1
        _plain(builder)
    return Rules()


def shut(builder: Builder) -> Rules:
    """A client that has nothing more to say, and says so at once."""
    _plain(builder)
    return Rules(weight=Weight.WARNING)


def hundred(builder: Builder) -> Rules:
    """A hundred small requests: a server may end the connection before, and says so then."""
    for number in range(4 if builder.is_simplest else HUNDRED):
        builder.message += bool(number)
        request(builder, Line())
    return Rules(asked="rfc9112-9.5-4")


def bare(builder: Builder) -> Rules:
    """A request that might have a content, and says no length: it has none (RFC 9112, Section 6.3)."""
    method = b"POST" if builder.is_simplest else builder.dice.pick((b"POST", b"PUT", b"PATCH"))
    request(builder, Line(method), ("Content-Type", b"text/plain"))
    return Rules(asked="rfc9112-6.3-a3")


def trailers(builder: Builder) -> Rules:
    """A trailer section with a field that is about messages: refused, or of no effect (RFC 9112, Section 7.1.2)."""
    _coded(builder, b"HTTP/1.1", (), (), plain=True)
    end = builder.pieces.pop()
    name, value = builder.dice.pick(TRAILERS)
    builder.unit("trailer", "trailer", ("octets", Grammar.FIXED, name.encode() + b": " + value + CRLF))
    builder.pieces.append(end)
    return Rules(may_refuse=True, asked="rfc9112-7.1.2-3")


def endless(builder: Builder) -> Rules:
    """A chunk extension without end: a recipient bounds what it reads of one."""
    _coded(builder, b"HTTP/1.1", (), (), plain=True)
    at = next(at for at, piece in enumerate(builder.pieces) if piece.name == "chunk.size")
    length = ENDLESS_BYTES if builder.seed % 8 == 1 else 2000
    builder.pieces[at] = builder.pieces[at]._replace(octets=b"5;" + b"a" * length)
    return Rules(may_refuse=True, may_end=True, asked="rfc9112-7.1.1-a2")


MAKERS = (
    many, close, stays, old, old_kept, old_chunked, both, expect, expect_old, expect_other, absolute, asterisk, slow, shut,
    hundred, bare, trailers, endless, absolute_case, absolute_empty, secure, later,
    star, long_line, long_target, long_method, unknown_coding, old_hosts,
)  # fmt: skip


def make(name: str, seed: int) -> Base:
    """Return a base of this name, a canary behind it. Its meaning is its `Rules`."""
    builder = Builder(Kind.CONNECTION, name, seed)
    rules = MAKERS[NAMES.index(name)](builder)
    canary(builder)
    return builder.base(rules)
