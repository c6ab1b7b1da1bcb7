"""Hostile bytes and texts made harmless: everything that is no plain character is shown as an escape, never interpreted.

One rule serves a page, XML 1.0 and a terminal: what Python does not call printable covers the control characters, the
direction overrides, the surrogates and the noncharacters, and so all that XML 1.0 (Section 2.2) has no place for. Markup
is the business of the writer of each format.
"""

from __future__ import annotations

HEX_COLUMNS = 16
SHORT_CHARACTERS_MAX = 240
_NAMED = {0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}


def visible(data: bytes) -> str:
    """Return octets as readable text, a line break behind each LF. Undone by reading the escapes: no octet is lost."""
    return "".join(_octet(octet) for octet in data).removesuffix("\n")


def _octet(octet: int) -> str:
    if octet == 0x0A:
        return "\\n\n"
    if octet in _NAMED:
        return _NAMED[octet]
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}"


def printable(text: str, *, lines: bool = False) -> str:
    """Return a text in which controls, direction overrides, surrogates and the like are escapes.

    With `lines` its line breaks stay; else the result is one line.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or (lines and character == "\n") else _character(character)
        for character in text
    )


def _character(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}.get(code, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shorten(text: str, length: int = SHORT_CHARACTERS_MAX) -> str:
    """Return the beginning of a long text, for where the whole of it stands nearby."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def hexdump(data: bytes) -> str:
    """Return octets as offset, hexadecimal and ASCII columns."""
    rows: list[str] = []
    for offset in range(0, len(data), HEX_COLUMNS):
        row = data[offset : offset + HEX_COLUMNS]
        shown = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        rows.append(f"{offset:06x}  {row.hex(' '):<{HEX_COLUMNS * 3 - 1}}  {shown}")
    return "\n".join(rows)


def seconds(value: float) -> str:
    """Return a duration as people read it."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.1f} s"
