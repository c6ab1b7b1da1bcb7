"""RFC 9110, Sections 8.4 and 12.5.3: what the checks on codings share: the text, and canned codings of it."""

from __future__ import annotations

import zlib

from merkhet.check import Exchange
from merkhet.expect import status_2xx
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import response

RAW = FIXTURES["text.txt"]


def zipped(data: bytes, window: int = 31) -> bytes:
    """Return data compressed: 31 is gzip, 15 the format of zlib, -15 raw DEFLATE."""
    writer = zlib.compressobj(wbits=window)
    return writer.compress(data) + writer.flush()


VARY = b"Vary: Accept-Encoding"
PLAIN = response(200, RAW, VARY)
GZIPPED = response(200, zipped(RAW), b"Content-Encoding: gzip", VARY)


def ask(*lines: bytes) -> bytes:
    """Return a GET of the text with these field lines."""
    return request(b"GET", *lines, to=b"{gzip}")


TEXT_TWIN = Exchange(request=ask(b"Accept-Encoding: identity"), answer=status_2xx, good=PLAIN)
