"""multipart/byteranges, read strictly, with the parser of email messages as a second opinion on what is good."""

from __future__ import annotations

import email.parser
import email.policy

import pytest

from merkhet.answer import Response
from merkhet.wire.byteranges import MalformedError, Part, read

KIND = b"multipart/byteranges; boundary=B"
FIRST = b"--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\nab"
SECOND = b"--B\r\nContent-Range: bytes 7-9/10\r\n\r\nhij"
WHOLE = b"\r\n".join((FIRST, SECOND, b"--B--\r\n"))
PARTS = (Part(0, 1, 10, b"ab", b"text/plain"), Part(7, 9, 10, b"hij", None))


def response(content: bytes, *kinds: bytes) -> Response:
    fields = tuple((b"Content-Type", kind) for kind in kinds or (KIND,))
    return Response(version=b"HTTP/1.1", status=206, reason=b"", fields=fields, content=content)


GOOD: dict[str, tuple[bytes, bytes, tuple[Part, ...]]] = {
    "two parts": (KIND, WHOLE, PARTS),
    "one part": (KIND, FIRST + b"\r\n--B--", PARTS[:1]),
    "a boundary in quotes": (b'multipart/byteranges; boundary="B"', WHOLE, PARTS),
    "a quoted pair": (b'multipart/byteranges; boundary="\\B"', WHOLE, PARTS),
    "a boundary that only quotes allow": (
        b'Multipart/ByteRanges;BOUNDARY="a b:(c)"',
        WHOLE.replace(b"--B", b"--a b:(c)"),
        PARTS,
    ),
    "the longest boundary": (KIND[:-1] + b"x" * 70, WHOLE.replace(b"--B", b"--" + b"x" * 70), PARTS),
    "other parameters": (b'multipart/byteranges ; a="; boundary=C" ; boundary=B;x=y', WHOLE, PARTS),
    "a preamble": (KIND, b"to whom it may concern\r\n" + WHOLE, PARTS),
    "an empty line before": (KIND, b"\r\n" + WHOLE, PARTS),
    "an epilogue": (KIND, WHOLE + b"the end\r\n", PARTS),
    "padding": (KIND, WHOLE.replace(b"--B\r\n", b"--B \t\r\n").replace(b"--B--", b"--B-- "), PARTS),
    "an unknown length": (
        KIND,
        WHOLE.replace(b"/10", b"/*"),
        tuple(Part(*_) for _ in ((0, 1, None, b"ab", b"text/plain"), (7, 9, None, b"hij", None))),
    ),
    "names and units in any case": (KIND, WHOLE.replace(b"Content-Range: bytes", b"content-RANGE:\tBytes"), PARTS),
    "no white space": (KIND, WHOLE.replace(b": ", b":"), PARTS),
    "content that is almost a delimiter": (
        KIND,
        b"--B\r\nContent-Range: bytes 0-9/10\r\n\r\n\r\n\r\n--C\r\n\r\n--B--".replace(b"0-9", b"0-8"),
        (Part(0, 8, 10, b"\r\n\r\n--C\r\n"[:9], None),),
    ),
    "content that ends in CRLF": (
        KIND,
        b"--B\r\nContent-Range: bytes 0-1/2\r\n\r\n\r\n\r\n--B--",
        (Part(0, 1, 2, b"\r\n", None),),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good(name: str) -> None:
    kind, content, parts = GOOD[name]
    assert read(response(content, kind)) == parts


@pytest.mark.parametrize("name", GOOD)
def test_the_parser_of_messages_reads_the_same(name: str) -> None:
    kind, content, parts = GOOD[name]
    if name == "a quoted pair":
        pytest.skip("the library keeps the backslash")
    whole = b"Content-Type: " + kind + b"\r\n\r\n" + content
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole)
    read_there = [part.get_payload(decode=True) for part in message.iter_parts()]
    assert read_there == [part.content for part in parts]
    ranges = [str(part["Content-Range"]).lower() for part in message.iter_parts()]
    assert ranges == [f"bytes {part.first}-{part.last}/{part.complete or '*'}" for part in parts]


MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no part between"),
    "no part": (b"--B--\r\n", "no part between"),
    "another boundary": (WHOLE.replace(b"--B", b"--C"), "no part between"),
    "no closing delimiter": (FIRST + b"\r\n" + SECOND + b"\r\n", "no part between|closing delimiter"),
    "an open end": (FIRST + b"\r\n" + SECOND + b"\r\n--B\r\n", "closing delimiter"),
    "a closing delimiter that goes on": (WHOLE.replace(b"--B--", b"--B--x"), "closing delimiter is followed"),
    "a part behind the closing delimiter": (WHOLE + SECOND + b"\r\n--B--", "more than whitespace and CRLF"),
    "a delimiter that goes on": (WHOLE.replace(b"--B\r\n", b"--Bx\r\n"), "more than whitespace and CRLF"),
    "a lone LF behind a delimiter": (WHOLE.replace(b"--B\r\n", b"--B\n"), "more than whitespace|does not end"),
    "a lone LF before a delimiter": (WHOLE.replace(b"ab\r\n--B", b"ab\n--B"), "not that of its octets"),
    "no empty line": (WHOLE.replace(b"\r\n\r\n", b"\r\n"), "do not end in an empty line"),
    "no field line": (WHOLE.replace(b"Content-Type:", b"Content-Type :"), "no field line"),
    "a folded line": (WHOLE.replace(b"text/plain", b"text/plain;\r\n a=b"), "no field line"),
    "no fields": (b"--B\r\n\r\nab\r\n--B--", "no Content-Range"),
    "no Content-Range": (WHOLE.replace(b"Content-Range", b"Content-Rage"), "no Content-Range"),
    "two of them": (WHOLE.replace(b"Content-Type: text/plain", b"Content-Range: bytes 0-1/10"), "two"),
    "another unit": (WHOLE.replace(b"bytes 0", b"octets 0"), "no Content-Range"),
    "an unsatisfied range": (WHOLE.replace(b"0-1/10", b"*/10"), "no Content-Range"),
    "a range backwards": (WHOLE.replace(b"0-1", b"1-0"), "not that of its octets"),
    "a shorter part": (WHOLE.replace(b"0-1", b"0-2"), "not that of its octets"),
    "a longer part": (WHOLE.replace(b"0-1", b"0-0"), "not that of its octets"),
    "a range beyond the end": (WHOLE.replace(b"7-9/10", b"7-9/9"), "not that of its octets"),
    "a space too many": (WHOLE.replace(b"bytes 0", b"bytes  0"), "no Content-Range"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed(name: str) -> None:
    content, words = MALFORMED[name]
    with pytest.raises(MalformedError, match=words):
        read(response(content))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"", "is not multipart/byteranges"),
        (b"text/plain; boundary=B", "is not multipart/byteranges"),
        (b"multipart/mixed; boundary=B", "is not multipart/byteranges"),
        (b"multipart/byterangesx; boundary=B", "no parameter by the grammar"),
        (b"multipart/byteranges", "no boundary"),
        (b"multipart/byteranges; boundaries=B", "no boundary"),
        (b"multipart/byteranges; boundary=", "no parameter by the grammar"),
        (b'multipart/byteranges; boundary=""', "no boundary, or none"),
        (b'multipart/byteranges; boundary="B', "no parameter by the grammar"),
        (b"multipart/byteranges; boundary=B boundary=B", "no parameter by the grammar"),
        (b"multipart/byteranges; boundary = B", "no parameter by the grammar"),
        (b"multipart/byteranges; boundary=a:b", "no parameter by the grammar"),
        (b'multipart/byteranges; boundary="B "', "no boundary, or none"),
        (b'multipart/byteranges; boundary="B@"', "no boundary, or none"),
        (b"multipart/byteranges; boundary=" + b"x" * 71, "no boundary, or none"),
        (b"multipart/byteranges; boundary=B; boundary=B", "no boundary, or none"),
    ],
)
def test_what_is_no_type(kind: bytes, words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        read(response(WHOLE, kind))


def test_two_types_are_none() -> None:
    with pytest.raises(MalformedError, match="is not multipart/byteranges"):
        read(response(WHOLE, KIND, KIND))
