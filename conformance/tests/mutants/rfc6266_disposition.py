"""RFC 6266 and RFC 8187: Content-Disposition, one rule broken at a time."""

from __future__ import annotations

import re
from typing import Any

from mutation import mutant

DISPOSITION = "merkhet_reference.disposition"


def content(value: Any) -> Any:
    """A server whose whole field is made by `value`, which is given the name."""
    return lambda original: lambda filename, *, attachment: value(filename)  # noqa: PLW0108 - the keyword is dropped


def octets(name: str) -> bytes:
    return re.sub(r"[\x00-\x1f]", "_", name).encode("utf-8", "replace")


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-4.1-a3",
    must_kill={"rfc6266-4.1-name-quote", "rfc6266-4.1-once-filename-quoted", "rfc6266-D-octets-latin-1"},
)
def names_not_escaped(original: Any) -> Any:
    """Puts the name between quotes as it is."""
    return content(lambda name: b'attachment; filename="%s"' % octets(name))(original)


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-4.1-a3",
    must_kill={"rfc6266-4.1-name-space", "rfc6266-4.1-name-comma", "rfc6266-4.1-name-parameter"},
)
def names_not_quoted(original: Any) -> Any:
    """Never quotes a name."""
    return content(lambda name: b"attachment; filename=" + octets(name))(original)


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-4.1-a2",
    must_kill={"rfc6266-4.1-type-plain", "rfc6266-4.1-type-space"},
)
def no_type(original: Any) -> Any:
    """Leaves the disposition type out."""
    return lambda filename, *, attachment: original(filename, attachment=True).removeprefix(b"attachment; ")


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-4.1-a1",
    must_kill={"rfc6266-4.1-once-plain"},
)
def filename_twice(original: Any) -> Any:
    """Sends filename twice."""
    return lambda filename, *, attachment: original(filename, attachment=True) + b"; FILENAME=download"


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-D-a7",
    must_kill={"rfc6266-D-order-latin-1", "rfc6266-D-order-euro"},
)
def extended_first(original: Any) -> Any:
    """Sends filename* before filename."""

    def value(filename: str, *, attachment: bool) -> bytes:
        made = original(filename, attachment=True)
        kind, _, rest = made.partition(b"; ")
        plain, found, extended = rest.partition(b"; filename*")
        return kind + b"; filename*" + extended + b"; " + plain if found else made

    return value


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-D-a6",
    must_kill={"rfc6266-D-fallback-latin-1", "rfc6266-D-ascii-plain"},
)
def extended_alone(original: Any) -> Any:
    """Sends filename* for every name and nothing else."""
    from urllib.parse import quote

    return content(lambda name: b"attachment; filename*=UTF-8''" + quote(octets(name), safe="").encode())(original)


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-D-a5",
    must_kill={"rfc6266-D-extended-latin-1", "rfc6266-D-extended-cjk"},
)
def never_extended(original: Any) -> Any:
    """Sends the substituted name alone."""
    return lambda filename, *, attachment: original(filename, attachment=True).partition(b"; filename*")[0]


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc6266-C.1-1",
    must_kill={"rfc6266-C.1-quoted-latin-1", "rfc6266-C.1-anywhere-latin-1"},
)
def encoded_words(original: Any) -> Any:
    """Writes a name beyond ASCII as an encoded-word."""
    from base64 import b64encode

    def encoded(filename: str, *, attachment: bool) -> Any:
        if filename.isascii():
            return original(filename, attachment=attachment)
        return b'attachment; filename="=?utf-8?B?' + b64encode(octets(filename)) + b'?="'

    return encoded


def extended(change: Any) -> Any:
    """A server whose extended value is changed."""

    def replacing(original: Any) -> Any:
        def value(filename: str, *, attachment: bool) -> bytes:
            plain, found, made = original(filename, attachment=True).partition(b"; filename*=")
            return plain + found + change(made) if found else plain

        return value

    return replacing


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc8187-3.2.1-2",
    must_kill={"rfc8187-3.2.1-charset-latin-1", "rfc6266-4.1-extended-latin-1"},
)
def charset_missing(original: Any) -> Any:
    """Leaves the charset of an extended value empty."""
    return extended(lambda made: made.removeprefix(b"UTF-8"))(original)


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc8187-3.2.1-1",
    must_kill={"rfc8187-3.2.1-registered-latin-1", "rfc8187-3.2.1-utf-8-latin-1"},
)
def charset_misspelt(original: Any) -> Any:
    """Calls UTF-8 utf8."""
    return extended(lambda made: made.replace(b"UTF-8", b"utf8"))(original)


@mutant(
    f"{DISPOSITION}.content_disposition",
    breaks="rfc8187-3.2.1-a2",
    must_kill={"rfc8187-3.2.1-unquoted-latin-1"},
)
def extended_in_quotes(original: Any) -> Any:
    """Quotes an extended value."""
    return extended(lambda made: b'"' + made + b'"')(original)


@mutant(
    f"{DISPOSITION}.ATTR_CHAR",
    breaks="rfc8187-3.2.1-a1",
    must_kill={
        "rfc8187-3.2.1-escaped-apostrophe",
        "rfc8187-3.2.1-escaped-asterisk",
        "rfc8187-3.2.1-escaped-parentheses",
    },
)
def too_little_escaped(original: Any) -> Any:
    """Leaves apostrophes, asterisks and parentheses as they are."""
    return original + "'*()"
