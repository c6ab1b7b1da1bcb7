"""RFC 6266, Sections 4 and 5 and Appendix D, and RFC 8187, Section 3.2: the file name that an answer is saved as."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from merkhet_reference.fields import FieldLine

NAME = b"Content-Disposition"

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""CR, LF, NUL and all others, and the two line separators of Unicode: none of them ever leaves, encoded or not."""

DIRECTIONS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text about, with which "gnp.exe" is shown as "exe.png" (RFC 6266, Section 4.3)."""

SURROGATES = re.compile(r"[\ud800-\udfff]")
"""Half of a character, or an octet of a file name that is no UTF-8: there is no way to write it in UTF-8."""

PLAIN = re.compile(r"(?:[ !#$&-\[\]-~]|%(?![0-9A-Fa-f]{2}))*+\Z")
"""What every client reads alike within quotes: printable ASCII without quote and backslash, which some do not
unescape, and without "%" before two hexadecimal digits, which some decode (Appendix D)."""

NOT_PLAIN = re.compile(r"[^ !#-\[\]-~]|%(?=[0-9A-Fa-f]{2})|(?<==)\?")

ENCODED_WORD = "=?"
"""The beginning of RFC 2047's notation, which some clients decode though it has no place here (Appendix C.1)."""

ATTR_CHAR = "!#$&+-.^_`|~"
"""What stays as it is in an ext-value, beside letters and digits (RFC 8187, Section 3.2.1)."""

SUBSTITUTE = "_"


def content_disposition(filename: str, *, attachment: bool) -> bytes:
    """Return the value of Content-Disposition: to be saved as `filename`, or shown under that name.

    A name that is not plain ASCII goes twice: substituted for clients that know no better, then whole, as `filename*`.
    Of a path only the last segment is sent, and without a name no parameter.
    """
    kind = b"attachment" if attachment else b"inline"  # [rfc6266-4.1-a2]
    name = sent_name(filename)
    if not name:
        return kind
    # Choice: always a quoted-string, also where a token would do: one form, which a client reads or does not.
    # [rfc6266-4.1-a3] [rfc6266-D-a1] [rfc6266-D-a6] [rfc6266-D-a7]
    value = kind + b'; filename="' + fallback_name(name).encode("ascii") + b'"'
    if is_plain(name):
        return value
    # The fallback goes first: some clients take whichever comes first (Appendix D).
    # [rfc6266-4.1-a4] [rfc6266-D-a5] [rfc8187-3.2.1-1] [rfc8187-3.2.1-2] [rfc8187-3.2.1-4] [rfc8187-3.2.1-a1] [rfc8187-3.2.1-a2]
    return value + b"; filename*=UTF-8''" + quote(name, safe=ATTR_CHAR).encode("ascii")


def set_content_disposition(fields: list[FieldLine], filename: str, *, attachment: bool) -> None:
    """Put Content-Disposition into `fields`, in the place of any that is there: a second one is invalid."""
    fields[:] = [line for line in fields if line[0].lower() != NAME.lower()]  # [rfc6266-3-1]
    fields.append((NAME, content_disposition(filename, attachment=attachment)))


def sent_name(filename: str) -> str:
    """Return the name that is to be sent: the last segment, without anything that could be more than a name.

    Controls are substituted, and so are surrogates, by U+FFFD. "." and ".." name no file, so nothing is left of them.
    """
    # Both separators, whatever this machine has: it is the client's file system that matters (Section 4.3).
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = DIRECTIONS.sub(SUBSTITUTE, CONTROLS.sub(SUBSTITUTE, name))  # [rfc6266-4.1-a5]
    name = SURROGATES.sub("\N{REPLACEMENT CHARACTER}", name)
    return "" if name in {".", ".."} else name


def is_plain(name: str) -> bool:
    """Tell whether a quoted-string says this name to every client."""
    return PLAIN.match(name) is not None and ENCODED_WORD not in name  # [rfc6266-C.1-1][rfc6266-C.1-2]


def fallback_name(name: str) -> str:
    """Return the name in plain ASCII: letters without their marks, one substitute for each other character.

    A plain name is returned as it is. What comes out is judged after the marks are gone: without them a percent
    sequence, a quote or a ".." may stand there that was none.
    """
    if is_plain(name):
        return name
    # Decomposed one by one: normalization of the whole would take quadratic time on a row of marks.
    letters = "".join(unicodedata.normalize("NFD", letter)[0] for letter in name if not unicodedata.combining(letter))
    fallback = NOT_PLAIN.sub(SUBSTITUTE, letters.replace('"', "'"))  # [rfc6266-D-a2][rfc6266-D-a3][rfc6266-D-a4]
    return fallback if fallback.strip(" .") else SUBSTITUTE
