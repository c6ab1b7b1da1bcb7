"""Expectations of Content-Disposition, read strictly (RFC 6266, Section 4.1; RFC 8187, Section 3.2.1)."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests


class Flaw(enum.StrEnum):
    """Where a value departs from the grammar."""

    LINES = "more than one Content-Disposition line"
    TYPE = "no disposition type at its beginning"
    PARAMETERS = "something that is no parameter"
    EMPTY = "an empty parameter"
    TWICE = "a parameter that is there twice"
    FILENAME = "a filename that is neither a token nor a quoted-string"
    QUOTED = "an extended value in quotes"
    CHARSET = "an extended value without a charset"
    LANGUAGE = "an extended value whose language is no language tag"
    CHARACTERS = "an extended value with characters that must be escaped"
    OTHER_CHARSET = "an extended value in another charset than UTF-8"
    NOT_UTF_8 = "an extended value whose octets are not UTF-8"
    CONTROL = "a CR, LF or NUL"


_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SPACE = re.compile(rb"[ \t]*")
_QUOTED = re.compile(rb'"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"')
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_CHARSET = re.compile(rb"[!#$%&+\-^_`{}~0-9A-Za-z]+")
_LANGUAGE = re.compile(rb"[A-Za-z]{1,8}(?:-[0-9A-Za-z]{1,8})*")
_VALUE_CHARS = re.compile(rb"(?:[!#$&+\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[BbQq]\?[^?]*\?=")


@dataclass(slots=True)
class Disposition:
    """One Content-Disposition, as far as it could be read.

    `filename` are the octets of the plain parameter, unquoted, and `raw` the same as they were sent; `extended` is the text
    of `filename*` and `charset` what it says, each None where there is none. `order` has the parameters' names.
    """

    value: bytes
    kind: bytes = b""
    filename: bytes | None = None
    raw: bytes = b""
    extended: str | None = None
    charset: bytes | None = None
    order: list[bytes] = field(default_factory=list[bytes])
    flaws: set[Flaw] = field(default_factory=set[Flaw])

    @property
    def names(self) -> tuple[str, ...]:
        """What a client may take for the name: `filename*` if it can be read, else `filename`, by either reading of octets."""
        if self.extended is not None:
            return (self.extended,)
        if self.filename is None:
            return ()
        try:
            return self.filename.decode("utf-8"), self.filename.decode("latin-1")
        except UnicodeDecodeError:
            return (self.filename.decode("latin-1"),)


def read(response: Response) -> Disposition | None:
    """Return what a 2xx response says, None without the field. It never raises: what is wrong stands in `flaws`."""
    lines = response.values(b"Content-Disposition")
    if not lines or not 200 <= response.status < 300:
        return None
    found = _Reader(lines[0]).read()
    if len(lines) > 1:
        found.flaws.add(Flaw.LINES)
    return found


class _Reader:
    """Goes through one value from its first octet, and stops where nothing behind it can be trusted."""

    def __init__(self, value: bytes) -> None:
        self.value = value
        self.at = 0
        self.found = Disposition(value)

    def read(self) -> Disposition:
        if any(octet in self.value for octet in (b"\r", b"\n", b"\0")):
            self.found.flaws.add(Flaw.CONTROL)
        self._space()
        kind = self._token()
        self._space()
        if not kind or self.value[self.at : self.at + 1] == b"=":
            self.found.flaws.add(Flaw.TYPE)
            return self.found
        self.found.kind = kind.lower()
        while self.at < len(self.value):
            flaw = self._parameter()
            if flaw is not None:
                self.found.flaws.add(flaw)
                break
        return self.found

    def _parameter(self) -> Flaw | None:
        """Read one parameter with the semicolon before it, and return why there is no reading on."""
        if self.value[self.at : self.at + 1] != b";":
            return Flaw.FILENAME if self.found.order[-1:] == [b"filename"] else Flaw.PARAMETERS
        self.at += 1
        self._space()
        if self.at == len(self.value) or self.value[self.at : self.at + 1] == b";":
            self.found.flaws.add(Flaw.EMPTY)
            return None
        name = self._token().lower()
        self._space()
        if not name or self.value[self.at : self.at + 1] != b"=":
            return Flaw.PARAMETERS
        self.at += 1
        self._space()
        if name in self.found.order:
            self.found.flaws.add(Flaw.TWICE)
        self.found.order.append(name)
        flaw = self._extended(name) if name.endswith(b"*") else self._plain(name)
        self._space()
        return flaw

    def _plain(self, name: bytes) -> Flaw | None:
        quoted = _QUOTED.match(self.value, self.at)
        raw = quoted[0] if quoted is not None else self._token()
        if quoted is not None:
            self.at = quoted.end()
        if not raw:
            return Flaw.FILENAME if name == b"filename" else Flaw.PARAMETERS
        if name == b"filename" and self.found.filename is None:
            self.found.raw = raw
            self.found.filename = _PAIR.sub(rb"\1", quoted[1]) if quoted is not None else raw
        return None

    def _extended(self, name: bytes) -> Flaw | None:
        quoted = _QUOTED.match(self.value, self.at)
        if quoted is not None:
            self.at = quoted.end()
            text, flaws = quoted[1], {Flaw.QUOTED}
        else:
            end = self.value.find(b";", self.at)
            text, flaws = self.value[self.at : end if end >= 0 else len(self.value)].rstrip(b" \t"), set[Flaw]()
            self.at += len(text)
        charset, language, characters = (*text.split(b"'", 2), b"", b"")[:3]
        if text.count(b"'") < 2 or not _CHARSET.fullmatch(charset):
            flaws.add(Flaw.CHARSET)
        else:
            flaws |= self._characters(name, charset, language, characters)
        if name != b"filename*" and flaws:
            flaws = {Flaw.PARAMETERS}
        self.found.flaws |= flaws
        return None

    def _characters(self, name: bytes, charset: bytes, language: bytes, characters: bytes) -> set[Flaw]:
        flaws: set[Flaw] = set()
        if language and not _LANGUAGE.fullmatch(language):
            flaws.add(Flaw.LANGUAGE)
        if not _VALUE_CHARS.fullmatch(characters):
            flaws.add(Flaw.CHARACTERS)
        octets = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), characters)
        text: str | None = None
        if charset.lower() != b"utf-8":
            flaws.add(Flaw.OTHER_CHARSET)
            text = octets.decode("latin-1") if charset.lower() == b"iso-8859-1" else None
        else:
            try:
                text = octets.decode("utf-8")
            except UnicodeDecodeError:
                flaws.add(Flaw.NOT_UTF_8)
        if name == b"filename*" and self.found.charset is None:
            self.found.charset, self.found.extended = charset, text
        return flaws

    def _token(self) -> bytes:
        match = _TOKEN.match(self.value, self.at)
        if match is None:
            return b""
        self.at = match.end()
        return match[0]

    def _space(self) -> None:
        """Skip the whitespace that may stand beside every separator (RFC 6266, Section 4.1)."""
        match = _SPACE.match(self.value, self.at)
        self.at = match.end() if match is not None else self.at


@dataclass(frozen=True, slots=True)
class _Disposed:
    """A 2xx response with a Content-Disposition of which something holds."""

    words: str
    holds: Callable[[Disposition], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a Content-Disposition {self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        found = read(answer.final) if answer.final is not None else None
        return found is not None and self.holds(found)


def disposition(words: str, holds: Callable[[Disposition], bool]) -> Expectation:
    """A 2xx response with a Content-Disposition of which `holds` is true; `words` finish the sentence."""
    return _Disposed(words, holds)


disposed: Expectation = _Disposed("of any kind", lambda found: True)  # noqa: ARG005
whole: Expectation = _Disposed("by the grammar", lambda found: not found.flaws)


def flawed(*flaws: Flaw) -> Expectation:
    """A Content-Disposition with one of these flaws."""
    return _Disposed("with " + " or ".join(flaws), lambda found: bool(found.flaws & set(flaws)))


def named(name: str) -> Expectation:
    """A Content-Disposition whose decoded name is this one; composed and decomposed characters are the same."""
    return _Disposed(f"with the name {name!a}", lambda found: any(_same(name, one) for one in found.names))


def cut_at_delimiter(name: str) -> Expectation:
    """A Content-Disposition whose decoded name ends where `name` has a character that is special in the field."""
    return _Disposed(
        f"with the name {name!a} cut at a delimiter",
        lambda found: any(
            name.startswith(one) and name[len(one) : len(one) + 1] in set('";, \\=') for one in found.names
        ),
    )


def substituted(name: str) -> Expectation:
    """A Content-Disposition whose decoded name has every ASCII letter and digit of `name`, in order; the rest may be others."""
    return _Disposed(
        f"with the name {name!a}, other characters in the place of some",
        lambda found: any(_has_letters_of(name, one) for one in found.names),
    )


def _same(name: str, other: str) -> bool:
    return unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)


def _has_letters_of(name: str, other: str) -> bool:
    rest = iter(other)
    return all(letter in rest for letter in name if letter.isascii() and letter.isalnum())


with_filename: Expectation = _Disposed("with a filename", lambda found: found.filename is not None)
with_extended: Expectation = _Disposed("with a filename*", lambda found: b"filename*" in found.order)
extended_first: Expectation = _Disposed(
    "with filename* before filename",
    lambda found: [name for name in found.order if name.startswith(b"filename")][:2] == [b"filename*", b"filename"],
)
with_percent: Expectation = _Disposed(
    "with a percent sign and two hexadecimal digits in its filename",
    lambda found: _ESCAPE.search(found.filename or b"") is not None,
)
with_backslash: Expectation = _Disposed("with a backslash in its filename", lambda found: b"\\" in found.raw)
beyond_ascii: Expectation = _Disposed("with octets beyond ASCII", lambda found: not found.value.isascii())
with_encoded_word: Expectation = _Disposed(
    "with an encoded-word of RFC 2047", lambda found: _ENCODED_WORD.search(found.value) is not None
)
quoted_encoded_word: Expectation = _Disposed(
    "with an encoded-word of RFC 2047 in a quoted-string",
    lambda found: found.raw.startswith(b'"') and _ENCODED_WORD.search(found.raw) is not None,
)
