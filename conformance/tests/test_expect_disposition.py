"""Content-Disposition by its grammar: what is read, each flaw, and the expectations met and unmet."""

from __future__ import annotations

import pytest

from merkhet import expect_disposition as of
from merkhet.answer import Answer, Context, End, Response
from merkhet.expect_disposition import Disposition, Flaw, read
from merkhet.expectation import Expectation, Rests

CONTEXT = Context(render=lambda data: data, baseline_status=200)


def response(*values: bytes, status: int = 200) -> Response:
    fields = tuple((b"Content-Disposition", value) for value in values)
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields)


def disposition(*values: bytes) -> Disposition:
    found = read(response(*values))
    assert found is not None
    return found


def test_a_response_without_the_field_or_with_an_error_has_none() -> None:
    assert read(response()) is None
    assert read(response(b"inline", status=404)) is None


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"inline", ()),
        (b"attachment; filename=a.txt", ("a.txt", "a.txt")),
        (b'attachment; filename="a b.txt"', ("a b.txt", "a b.txt")),
        (b'ATTACHMENT ;\tFILENAME = "a b.txt" ', ("a b.txt", "a b.txt")),
        (b'attachment; filename="a\\"b\\\\c"', ('a"b\\c', 'a"b\\c')),
        (b'attachment; filename=""', ("", "")),
        (b'attachment; filename="\xc3\xa9"', ("\u00e9", "\u00c3\u00a9")),
        (b'attachment; filename="\xe9"', ("\u00e9",)),
        (b"attachment; filename*=UTF-8''%e2%82%ac%20rates", ("\u20ac rates",)),
        (b"attachment; filename*= utf-8'en-GB'a.txt", ("a.txt",)),
        (b"attachment; filename=\"EURO rates\"; filename*=UTF-8''%E2%82%AC%20rates", ("\u20ac rates",)),
        (b"attachment; filename*=UTF-8''", ("",)),
        (b"x-kind; a=b; c=\"d;e\"; f*=UTF-8''%41; filename=x", ("x", "x")),
    ],
)
def test_what_is_by_the_grammar_is_read(value: bytes, names: tuple[str, ...]) -> None:
    assert disposition(value).names == names
    assert disposition(value).flaws == set()


@pytest.mark.parametrize(
    ("value", "flaws"),
    [
        (b"", {Flaw.TYPE}),
        (b"filename=x", {Flaw.TYPE}),
        (b"filename = x", {Flaw.TYPE}),
        (b"; filename=x", {Flaw.TYPE}),
        (b'"attachment"; filename=x', {Flaw.TYPE}),
        (b"attachment filename=x", {Flaw.PARAMETERS}),
        (b"attachment, filename=x", {Flaw.PARAMETERS}),
        (b"attachment; filename", {Flaw.PARAMETERS}),
        (b'attachment; "filename"=x', {Flaw.PARAMETERS}),
        (b"attachment; a=; filename=x", {Flaw.PARAMETERS}),
        (b"attachment; a*=x; filename=x", {Flaw.PARAMETERS}),
        (b"attachment; filename=x;", {Flaw.EMPTY}),
        (b"attachment;; filename=x", {Flaw.EMPTY}),
        (b"attachment; filename=x; FileName=y", {Flaw.TWICE}),
        (b"attachment; filename*=UTF-8''x; filename*=UTF-8''y", {Flaw.TWICE}),
        (b"attachment; filename=", {Flaw.FILENAME}),
        (b"attachment; filename=a b.txt", {Flaw.FILENAME}),
        (b"attachment; filename=a,b", {Flaw.FILENAME}),
        (b"attachment; filename=\xc3\xa9", {Flaw.FILENAME}),
        (b'attachment; filename="a', {Flaw.FILENAME}),
        (b'attachment; filename="a"b.txt"', {Flaw.FILENAME}),
        (b'attachment; filename="a\\"', {Flaw.FILENAME}),
        (b'attachment; filename="a\x01"', {Flaw.FILENAME}),
        (b'attachment; filename="a\x7f"', {Flaw.FILENAME}),
        (b"attachment; filename=a;b.txt", {Flaw.PARAMETERS}),
        (b'attachment; filename="a\rb"', {Flaw.CONTROL, Flaw.FILENAME}),
        (b'attachment; filename="a\0b"', {Flaw.CONTROL, Flaw.FILENAME}),
        (b"attachment; filename*=\"UTF-8''x\"", {Flaw.QUOTED}),
        (b"attachment; filename*=x", {Flaw.CHARSET}),
        (b"attachment; filename*=UTF-8'x", {Flaw.CHARSET}),
        (b"attachment; filename*=''x", {Flaw.CHARSET}),
        (b'attachment; filename*="x"', {Flaw.QUOTED, Flaw.CHARSET}),
        (b"attachment; filename*=UTF 8''x", {Flaw.CHARSET}),
        (b"attachment; filename*=UTF-8'e_n'x", {Flaw.LANGUAGE}),
        (b"attachment; filename*=UTF-8''a b", {Flaw.CHARACTERS}),
        (b"attachment; filename*=UTF-8''a'b", {Flaw.CHARACTERS}),
        (b"attachment; filename*=UTF-8''a*b", {Flaw.CHARACTERS}),
        (b"attachment; filename*=UTF-8''a%4", {Flaw.CHARACTERS}),
        (b"attachment; filename*=UTF-8''\xc3\xa9", {Flaw.CHARACTERS}),
        (b"attachment; filename*=ISO-8859-1''%E9", {Flaw.OTHER_CHARSET}),
        (b"attachment; filename*=x-any''%E9", {Flaw.OTHER_CHARSET}),
        (b"attachment; filename*=UTF-8''%E9", {Flaw.NOT_UTF_8}),
    ],
)
def test_each_flaw(value: bytes, flaws: set[Flaw]) -> None:
    assert disposition(value).flaws == flaws


def test_two_lines_are_a_flaw_and_the_first_is_read() -> None:
    found = disposition(b"attachment; filename=a", b"inline")
    assert (found.flaws, found.kind, found.names) == ({Flaw.LINES}, b"attachment", ("a", "a"))


def test_the_first_of_two_names_counts() -> None:
    assert disposition(b"attachment; filename=a; filename=b").names == ("a", "a")
    assert disposition(b"attachment; filename*=UTF-8''a; filename*=UTF-8''b").names == ("a",)
    assert disposition(b"attachment; filename*=x-any''a; filename=b").names == ("b", "b")


PLAIN = b"attachment; filename=a.txt"
EURO = b"attachment; filename*=UTF-8''%E2%82%AC.txt"


@pytest.mark.parametrize(
    ("expectation", "met", "unmet"),
    [
        (of.whole, PLAIN, b"attachment; filename"),
        (of.flawed(Flaw.FILENAME, Flaw.TWICE), b"attachment; filename=", PLAIN),
        (of.named("a.txt"), PLAIN, EURO),
        (of.named("\u20ac.txt"), EURO, b"attachment; filename=.txt"),
        (of.named("\u00e9"), b"attachment; filename*=UTF-8''e%CC%81", b"attachment; filename=e"),
        (of.named("\u00e9"), b'attachment; filename="\xc3\xa9"', b'attachment; filename="\xc3"'),
        (of.cut_at_delimiter('a"b'), b"attachment; filename=a", b"attachment; filename=ab"),
        (of.cut_at_delimiter('a"b'), b"attachment; filename=a", b'attachment; filename="a\\"b"'),
        (of.cut_at_delimiter("ab;c"), b"attachment; filename=ab", b"attachment; filename=a"),
        (of.cut_at_delimiter(";c"), b'attachment; filename=""', b"attachment"),
        (of.substituted('a"b.txt'), b"attachment; filename=a_b.txt", b"attachment; filename=b_a.txt"),
        (of.substituted('a"b.txt'), b"attachment; filename=ab.txt", b"attachment; filename=a"),
        (of.with_filename, PLAIN, EURO),
        (of.with_extended, EURO, PLAIN),
        (of.extended_first, EURO + b"; filename=x", b"attachment; filename=x; filename*=UTF-8''x"),
        (of.with_percent, b"attachment; filename=a%41", b"attachment; filename=a%4x"),
        (of.with_backslash, b'attachment; filename="a\\"b"', PLAIN),
        (of.beyond_ascii, b'attachment; filename="\xe9"', EURO),
        (of.with_encoded_word, b'attachment; filename="=?utf-8?Q?=C3=A9?="', b'attachment; filename="=?x"'),
        (of.quoted_encoded_word, b'attachment; filename="=?utf-8?b?w6k=?="', b"attachment; x=\"=?utf-8?b?w6k=?=\""),
        (of.disposition("for a client to show", lambda found: found.kind == b"inline"), b"Inline", PLAIN),
    ],
)  # fmt: skip
def test_met_and_unmet(expectation: Expectation, met: bytes, unmet: bytes) -> None:
    assert expectation.matches(Answer(response=response(met)), CONTEXT)
    assert not expectation.matches(Answer(response=response(unmet)), CONTEXT)
    assert not expectation.matches(Answer(response=response(met, status=404)), CONTEXT)
    assert not expectation.matches(Answer(response=response()), CONTEXT)
    assert not expectation.matches(Answer(end=End.CLOSED), CONTEXT)
    assert expectation.rests_on is Rests.CONTENT
    assert expectation.describe().startswith("a Content-Disposition ")


def test_any_field_is_a_disposition() -> None:
    assert of.disposed.matches(Answer(response=response(b"")), CONTEXT)
    assert not of.disposed.matches(Answer(response=response()), CONTEXT)


def test_names_are_shown_as_escapes() -> None:
    assert of.named("\u20ac").describe() == "a Content-Disposition with the name '\\u20ac'"
    assert of.cut_at_delimiter("\u20ac").describe().isascii()
    assert of.substituted("\u20ac").describe().isascii()
