"""Requests (RFC 9112, Sections 3, 5, 6 and 7.1): with no content, with Content-Length, chunked, and several on a connection."""

from __future__ import annotations

from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length

CONTENTS = (b"hello", b"a=1&b=2", b'{"a": [1, 2]}', b"\0\xff\r\n\r\n0\r\n\r\n", b"x" * 40)
FIELDS = (
    ("Accept", b"*/*", Grammar.LIST), ("User-Agent", b"merkhet/1 (a; b)", Grammar.TEXT), ("X-Empty", b"", Grammar.TEXT),
    ("Accept-Language", b"en, de;q=0.5", Grammar.LIST), ("Cookie", b'a=1; b="c"', Grammar.TEXT),
    ("X-Quoted", b'"a\\"b, c"', Grammar.QUOTED),
    ("X-Number", b"15", Grammar.DIGITS), ("Content-Type", b"text/plain; charset=utf-8", Grammar.TEXT),
    ("Te", b"trailers", Grammar.LIST),
    ("X-Obs", b"caf\xe9", Grammar.TEXT),
)  # fmt: skip
HOSTS = (b"a", b"a.example", b"a.example:8080", b"127.0.0.1", b"[::1]:80")
TARGETS = (b"/", b"/a", b"/a/b.c?d=e&f=%2F", b"/%7Ea", b"//a", b"/?", b"/a;b=c,d@e:f")
EXTENSIONS = (b"a", b"b2", b"c-d")


def request_line(builder: Builder, method: bytes) -> None:
    """Add a request line; its target is in origin-form."""
    target = b"/" if builder.is_simplest else builder.dice.pick(TARGETS)
    builder.unit(
        "request-line",
        "request-line",
        ("method", Grammar.TOKEN, method),
        ("space1", Grammar.SPACE, b" "),
        ("target", Grammar.TARGET, target),
        ("space2", Grammar.SPACE, b" "),
        ("version", Grammar.VERSION, b"HTTP/1.1"),
        ("end", Grammar.LINE_END, CRLF),
    )


def head_fields(builder: Builder) -> None:
    """Add Host and a few fields that frame nothing."""
    host = b"a" if builder.is_simplest else builder.dice.pick(HOSTS)
    builder.field("Host", host, "host", Grammar.TEXT)
    for _ in range(0 if builder.is_simplest else builder.dice.below(4)):
        name, value, grammar = builder.dice.pick(FIELDS)
        if builder.named(name.lower()) not in builder.roles:
            builder.field(name, value, "field", grammar)


def head_end(builder: Builder) -> None:
    """Add the empty line behind the fields."""
    builder.unit("head-end", "head-end", ("end", Grammar.LINE_END, CRLF))


def get(builder: Builder) -> None:
    """Add a request without content."""
    request_line(
        builder, b"GET" if builder.is_simplest else builder.dice.pick((b"GET", b"HEAD", b"DELETE", b"OPTIONS"))
    )
    head_fields(builder)
    head_end(builder)


def post(builder: Builder) -> None:
    """Add a request whose Content-Length frames its content."""
    request_line(builder, b"POST" if builder.is_simplest else builder.dice.pick((b"POST", b"PUT", b"PATCH", b"GET")))
    head_fields(builder)
    content = b"hello" if builder.is_simplest else builder.dice.pick((*CONTENTS, b""))
    unit = builder.field("Content-Length", b"%d" % len(content), "content-length", Grammar.DIGITS)
    head_end(builder)
    body = builder.unit("content", "content", ("octets", Grammar.OCTETS, content))
    builder.lengths.append(Length(f"{unit}.value", (f"{body}.octets",)))


def chunked(builder: Builder) -> None:
    """Add a request in the chunked transfer coding."""
    request_line(builder, b"POST" if builder.is_simplest else builder.dice.pick((b"POST", b"PUT", b"PATCH")))
    head_fields(builder)
    coding = b"chunked" if builder.is_simplest else builder.dice.pick((b"chunked", b"Chunked", b"CHUNKED"))
    builder.field("Transfer-Encoding", coding, "transfer-encoding", Grammar.LIST)
    head_end(builder)
    chunked_body(builder)


def chunked_body(builder: Builder) -> None:
    """Add chunks, the last chunk, a trailer section and the empty line (Section 7.1)."""
    count = 2 if builder.is_simplest else 1 + builder.dice.below(3)
    for number in range(1, count + 1):
        content = b"hello" if builder.is_simplest else builder.dice.pick(CONTENTS)
        size = b"%x" % len(content)
        if not builder.is_simplest and builder.dice.chance(20):
            size = builder.dice.pick((size.upper(), b"0" + size, b"000" + size))
        unit = chunk_line(builder, f"chunk{number}", size)
        data = builder.unit(f"data{number}", "chunk-data", ("octets", Grammar.OCTETS, content))
        builder.lengths.append(Length(f"{unit}.size", (f"{data}.octets",), 16))
        builder.unit(f"data-end{number}", "chunk-data-end", ("end", Grammar.LINE_END, CRLF))
    chunk_line(builder, "last", b"0" if builder.is_simplest else builder.dice.pick((b"0", b"0", b"000")))
    for number in range(1, 1 if builder.is_simplest else 1 + builder.dice.below(3)):
        builder.field(f"X-Trailer{number}", builder.dice.pick((b"a", b"b; c", b"")), "trailer", Grammar.TEXT)
    builder.unit("body-end", "body-end", ("end", Grammar.LINE_END, CRLF))


def chunk_line(builder: Builder, name: str, size: bytes) -> str:
    """Add a chunk's first line, perhaps with extensions (Section 7.1.1)."""
    parts: list[tuple[str, Grammar, bytes]] = [("size", Grammar.HEXDIG, size)]
    for number in range(1, 1 if builder.is_simplest else 1 + builder.dice.below(3)):
        parts += [
            (f"mark{number}", Grammar.FIXED, b";"),
            (f"name{number}", Grammar.TOKEN, builder.dice.pick(EXTENSIONS)),
        ]
        kind = builder.dice.below(3)
        if kind:
            grammar, value = (Grammar.TOKEN, b"v") if kind == 1 else (Grammar.QUOTED, b'"v; w"')
            parts += [(f"equals{number}", Grammar.FIXED, b"="), (f"value{number}", grammar, value)]
    return builder.unit(name, "chunk-line", *parts, ("end", Grammar.LINE_END, CRLF))


def canary(builder: Builder) -> None:
    """Add the request that must be read behind the last one, and nothing else must."""
    builder.message += 1
    builder.unit(
        "request-line",
        "request-line",
        ("method", Grammar.TOKEN, b"GET"),
        ("space1", Grammar.SPACE, b" "),
        ("target", Grammar.TARGET, b"/canary"),
        ("space2", Grammar.SPACE, b" "),
        ("version", Grammar.VERSION, b"HTTP/1.1"),
        ("end", Grammar.LINE_END, CRLF),
    )
    builder.field("Host", b"a", "host", Grammar.TEXT)
    # A server that has read it ends the connection: then nothing more comes, and nobody need wait to see.
    builder.field("Connection", b"close", "field", Grammar.LIST)
    head_end(builder)


def make(name: str, seed: int) -> Base:
    """Return a base of requests, a canary behind them."""
    builder = Builder(Kind.HTTP, name, seed)
    if name == "several":
        for part in (get, *(builder.dice.pick((get, post, chunked)) for _ in range(1 + (seed > 0)))):
            part(builder)
            builder.message += 1
        builder.message -= 1
    else:
        {"get": get, "post": post, "chunked": chunked}[name](builder)
    canary(builder)
    return builder.base()


def make_body(name: str, seed: int) -> Base:
    """Return a chunked body."""
    builder = Builder(Kind.CHUNKED, name, seed)
    chunked_body(builder)
    return builder.base()
