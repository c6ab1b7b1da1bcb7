"""Forms (RFC 7578; RFC 2046, Section 5.1): parts between delimiters, a preamble and an epilogue perhaps."""

from __future__ import annotations

from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.grammar import BOUNDARY, Base, Grammar, Kind

CONTENTS = (b"hello", b"", b"\r\n", b"a\r\n--b", b"\r\n--merkhet-boundar", b"\0\xff" * 20, b"--", b"x" * 70)


def make(name: str, seed: int) -> Base:
    """Return a form of one part or of several; the meaning of each is (name, content)."""
    builder = Builder(Kind.MULTIPART, name, seed)
    dice = builder.dice
    meaning: list[tuple[bytes, bytes]] = []
    if name == "surrounded":
        builder.unit("preamble", "free", ("octets", Grammar.OCTETS, b"a preamble"))
    for number in range(1, 2 if name == "one" else 3 + (0 if builder.is_simplest else dice.below(2))):
        builder.message = number - 1
        lead = CRLF if builder.pieces else b""
        suffix = str(number)
        builder.unit(
            "delimiter" + suffix, "delimiter",
            ("lead", Grammar.LINE_END, lead), ("dashes", Grammar.FIXED, b"--"), ("boundary", Grammar.FIXED, BOUNDARY),
            ("padding", Grammar.OWS, b""), ("end", Grammar.LINE_END, CRLF),
        )  # fmt: skip
        field = b"f%d" % number
        value = b'form-data; name="' + field + b'"'
        if not builder.is_simplest and dice.chance(40):
            value += dice.pick((b'; filename="a.txt"', b'; filename="a;b.txt"'))
        builder.unit(
            "disposition" + suffix, "part-field",
            ("name", Grammar.TOKEN, b"Content-Disposition"), ("colon", Grammar.COLON, b":"),
            ("before", Grammar.OWS, b" "),
            ("value", Grammar.TEXT, value), ("end", Grammar.LINE_END, CRLF),
        )  # fmt: skip
        if not builder.is_simplest and dice.chance(40):
            builder.unit(
                "type" + suffix, "part-field",
                ("name", Grammar.TOKEN, b"Content-Type"), ("colon", Grammar.COLON, b":"), ("before", Grammar.OWS, b" "),
                ("value", Grammar.TEXT, b"text/plain"), ("end", Grammar.LINE_END, CRLF),
            )  # fmt: skip
        builder.unit("part-head-end" + suffix, "part-head-end", ("end", Grammar.LINE_END, CRLF))
        content = b"hello" if builder.is_simplest else dice.pick(CONTENTS)
        builder.unit("part" + suffix, "part-content", ("octets", Grammar.OCTETS, content))
        meaning.append((field, content))
    builder.unit(
        "close", "close-delimiter",
        ("lead", Grammar.LINE_END, CRLF), ("dashes", Grammar.FIXED, b"--"), ("boundary", Grammar.FIXED, BOUNDARY),
        ("last-dashes", Grammar.FIXED, b"--"), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
    if name == "surrounded":
        builder.unit("epilogue", "free", ("octets", Grammar.OCTETS, b"an epilogue"))
    return builder.base(*meaning)
