"""RFC 9110, Sections 8.4, 12.5.3 and 12.5.5: content codings, which of them a client takes, and Vary, which says so.

There is one coding here beside none at all: gzip (Section 8.4.1.3). It is never put on a 206 or beside a
Content-Length of the content before it: who calls `gzip_content` sends what it returns, and nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

from merkhet_reference import abnf
from merkhet_reference.fields import FieldLine, Fields

CODING_NAME = abnf.whole(abnf.TOKEN)
"""A content coding, "identity", or "*", which is a token as well (Section 12.5.3)."""

WEIGHT = abnf.whole(abnf.OWS + rb"[qQ]=(?:(0)(?:\.([0-9]{0,3}))?|1(?:\.0{0,3})?)")
"""What stands behind the semicolon (Section 12.4.2): from 0 to 1, with three decimals at most."""

WEIGHT_MAX = 1000
"""A weight of 1, and that of a coding that is listed without one. Weights are in thousandths."""

# [rfc9110-8.4.1.1-1] [rfc9110-8.4.1.3-1]
SAME_CODING = {b"x-gzip": b"gzip", b"x-compress": b"compress"}
"""Old names that mean the same (Sections 8.4.1.1 and 8.4.1.3)."""

COMPRESSIBLE_TYPES = frozenset(
    (
        b"application/ecmascript", b"application/graphql", b"application/javascript", b"application/json",
        b"application/n-quads", b"application/n-triples", b"application/rtf", b"application/sql", b"application/toml",
        b"application/trig", b"application/vnd.apple.mpegurl", b"application/vnd.ms-fontobject", b"application/wasm",
        b"application/x-javascript", b"application/x-ndjson", b"application/x-sh", b"application/xml",
        b"application/xml-dtd", b"application/yaml",
        b"font/otf", b"font/ttf",
    )
)  # fmt: skip
"""Types beside text that gzip makes much smaller. Images, video, archives and woff are compressed already."""

COMPRESSIBLE_SUFFIXES = (b"+json", b"+xml", b"+yaml")
"""Types that are written in such a one, image/svg+xml among them."""

NEVER_COMPRESSED = frozenset((b"text/event-stream",))
"""# Choice: an event is a few octets that somebody waits for, on a connection that lives for hours."""

GZIP_LEVEL = 6
"""Above, the time doubles for a hundredth of the size."""

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's way to ask for gzip's head and trailer around the data."""


def accepted_codings(values: list[bytes]) -> dict[bytes, int] | None:
    """Return each listed coding, in lower case, and its weight in thousandths; None without a field line.

    `values` are those of all Accept-Encoding lines. # Choice: a member whose name is no token is left out, and a weight
    that is none counts as 0, so that nothing is sent that the client may not take; the other members keep their sense.
    # Choice: of a coding that is listed twice the lower weight counts, for the same reason.
    """
    # [rfc9110-8.4.1-a1] [rfc9110-12.5.3-a2] [rfc9110-12.5.3-a4]
    if not values:
        return None
    codings: dict[bytes, int] = {}
    for member in b",".join(values).split(b","):
        written, semicolon, weight = member.partition(b";")
        name = written.strip(b" \t").lower()  # names have no case (Section 8.4.1)
        if CODING_NAME.match(name) is None:
            continue
        name = SAME_CODING.get(name, name)
        thousandths = parse_weight(weight) if semicolon else WEIGHT_MAX
        codings[name] = min(thousandths, codings.get(name, WEIGHT_MAX))
    return codings


def parse_weight(octets: bytes) -> int:
    """Return a weight in thousandths (Section 12.4.2), 0 for what is none."""
    match = WEIGHT.match(octets.rstrip(b" \t"))
    if match is None:
        return 0
    if match[1] is None:
        return WEIGHT_MAX
    return int((match[2] or b"").ljust(3, b"0"))


def prefers_gzip(fields: Fields) -> bool:
    """Tell whether a client with these request fields is best served with gzip, where identity could be sent too.

    False as well where the client takes neither: # Choice: then Accept-Encoding is disregarded, as Section 12.4.1
    allows, since an answer that can be read does more good than 406.
    """
    # [rfc9110-12.5.3-2] [rfc9110-12.5.3-a1] [rfc9110-12.5.3-a3] [rfc9110-12.5.3-a5] [rfc9110-12.5.3-a6]
    codings = accepted_codings(fields.get_all(b"Accept-Encoding"))
    # Rule 1: without the field every coding is acceptable. Choice: such a client is sent none, since those that do not
    # know codings do not send the field either.
    if codings is None:
        return False
    # "*" speaks for what is not listed. Rule 2: for identity too, which is acceptable without being listed, though
    # never before something that is.
    others = codings.get(b"*", 0)
    gzip = codings.get(b"gzip", others)
    identity = codings.get(b"identity", others)
    # Rule 3: a listed coding is acceptable unless its weight is 0. An empty field lists none. The higher weight wins;
    # Choice: of equal ones gzip, which is why it was listed.
    return gzip > 0 and gzip >= identity


def is_compressible(content_type: bytes) -> bool:
    """Tell whether content of this type (the value of Content-Type) gets smaller, and may be held back for that."""
    kind = content_type.partition(b";")[0].strip(b" \t").lower()
    if kind in NEVER_COMPRESSED:
        return False
    return kind.startswith(b"text/") or kind in COMPRESSIBLE_TYPES or kind.endswith(COMPRESSIBLE_SUFFIXES)


def gzip_content(content: bytes) -> bytes:
    """Return the content with the gzip coding (RFC 1952): the same octets for the same content, at any time.

    zlib writes no file name and 0 as the time of the file, so that a strong entity tag of these octets stays true.
    """
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
    return compressor.compress(content) + compressor.flush()


class GzipPieces:
    """A stream with the gzip coding: after each piece the client has all that was given, and can decode it.

    Closing it closes what was given, begun or not: an answer to HEAD is a stream that nobody begins.
    """

    __slots__ = ("_compressor", "_ended", "_given", "_pieces")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._given = pieces
        self._pieces = iter(pieces)
        self._compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._ended:
            raise StopIteration
        for piece in self._pieces:
            # An empty piece has nothing to flush, and an empty answer from here would look like one.
            if piece:
                return self._compressor.compress(piece) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        self._ended = True
        return self._compressor.flush()

    def close(self) -> None:
        """Let a generator run its `finally`, a file be closed."""
        close: Callable[[], None] | None = getattr(self._given, "close", None)
        if close is not None:
            close()


def gzip_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return the pieces with the gzip coding, each of them whole as soon as it is made, and its trailer at the end.

    What is returned has a `close` that closes `pieces`, as `Request.respond_stream` wants it.
    """
    return GzipPieces(pieces)


def add_vary(fields: list[FieldLine], name: bytes) -> None:
    """Say in `fields` that the answer depends on the request field `name` (Section 12.5.5).

    A Vary line that is there gets one more member; one that has the name, in any case, or "*" says it already.
    """
    # [rfc9110-12.5.5-3] [rfc9110-12.5.5-a1]
    said = Fields(fields)
    if said.contains_token(b"Vary", name.lower()) or said.contains_token(b"Vary", b"*"):
        return
    for index, (known, value) in enumerate(fields):
        if known.lower() == b"vary":
            fields[index] = (known, value + b", " + name if value.strip(b" \t,") else name)
            return
    fields.append((b"Vary", name))
