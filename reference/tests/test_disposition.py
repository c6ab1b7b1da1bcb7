"""File names on their way to a client, read back by a reader that is not ours: the standard library's for e-mail."""

from __future__ import annotations

import email.message
import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import abnf, disposition
from merkhet_reference.fields import FieldLine

FIXED = settings(deadline=None, derandomize=True, database=None)

EXT_VALUE = rb"UTF-8''(?:[A-Za-z0-9!#$&+\-.^_`|~]|%[0-9A-F]{2})++"
GRAMMAR = abnf.whole(
    rb"(inline|attachment)(?:; filename=(" + abnf.QUOTED_STRING + rb")(?:; filename\*=(" + EXT_VALUE + rb"))?)?"
)
"""What is sent of RFC 6266, Section 4.1 and RFC 8187, Section 3.2.1, written down a second time."""


FALLBACK = re.compile(r'filename="[^"\\]*"; (?=filename\*)')


def read(value: str) -> str | None:
    """The file name as an e-mail reader finds it: `filename*` if there is one (RFC 6266, Section 4.3), else `filename`."""
    message = email.message.Message()
    message["Content-Disposition"] = FALLBACK.sub("", value)
    return message.get_filename()


def parts(filename: str) -> tuple[str | None, str | None]:
    """The two parameters as they are on the wire, decoded by RFC 9110, Section 5.6.4 and RFC 8187, Section 3.2."""
    match = GRAMMAR.match(disposition.content_disposition(filename, attachment=True))
    assert match is not None
    plain = None if match[2] is None else re.sub(r"\\(.)", r"\1", match[2][1:-1].decode("ascii"))
    whole = None if match[3] is None else unquote(match[3].decode("ascii")[7:], errors="strict")
    return plain, whole


@pytest.mark.parametrize(
    ("value", "filename"),
    [
        ("Attachment; filename=example.html", "example.html"),
        ('INLINE; FILENAME= "an example.html"', "an example.html"),
        ("attachment; filename*= UTF-8''%e2%82%ac%20rates", "\u20ac rates"),
        ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "\u20ac rates"),
    ],
)
def test_the_reader_reads_the_examples_of_section_5_and_what_we_send_in_their_place(value: str, filename: str) -> None:
    assert read(value) == filename
    assert read(disposition.content_disposition(filename, attachment=True).decode("ascii")) == filename


@pytest.mark.parametrize(
    ("filename", "value"),
    [
        ("example.html", b'attachment; filename="example.html"'),
        ("an example.html", b'attachment; filename="an example.html"'),
        ("\u20ac rates", b"attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"),
        ("", b"attachment"),
    ],
)
def test_what_is_sent_to_the_letter(filename: str, value: bytes) -> None:
    assert disposition.content_disposition(filename, attachment=True) == value
    assert disposition.content_disposition(filename, attachment=False) == value.replace(b"attachment", b"inline")


@pytest.mark.parametrize(
    "filename",
    [
        "a",
        "a.txt",
        "a b.txt",
        "a;b,c=d.txt",
        "100%.txt",
        "a%4g.txt",
        "50%",
        "it's.txt",
        "a..b",
        "...",
        "~|<>*?",
        "=",
        "a?=b",
    ],
)
def test_a_plain_name_goes_once_and_as_it_is(filename: str) -> None:
    assert parts(filename) == (filename, None)
    assert read(disposition.content_disposition(filename, attachment=True).decode("ascii")) == filename


@pytest.mark.parametrize(
    ("filename", "fallback"),
    [
        ("na\u00efve \u00e9t\u00e9.txt", "naive ete.txt"),
        ("nai\u0308ve.txt", "naive.txt"),
        ("\u6587\u66f8.pdf", "__.pdf"),
        ("\U0001f600.txt", "_.txt"),
        # quotes are not left to a reader who does not unescape
        ('a"b.txt', "a'b.txt"),
        # percent sequences are not left to a reader who decodes them, nor made
        ("a%41.txt", "a_41.txt"), ("%%41", "%_41"), ("%4\u00e9", "_4e"), ("%4\u0301" + "1", "_41"), ("\u00e9%", "e%"),
        # no encoded-word, and none made
        ("=?utf-8?q?a?=", "=_utf-8?q?a?="), ("\u2260?", "=_"),
        # characters that fall apart into something of the grammar: a Greek question mark, a fullwidth slash
        ("a\u037eb", "a;b"), ("\uff0fetc\uff3cx", "_etc_x"),
        # nothing is left, or nothing but dots
        ("\u0301", "_"), (".\u0301.", "_"), (" \u0301", "_"), ("\u0301..", "_"),
    ],
)  # fmt: skip
def test_any_other_name_goes_twice(filename: str, fallback: str) -> None:
    assert parts(filename) == (fallback, filename)
    # The reader strips what stands at the ends.
    assert read(disposition.content_disposition(filename, attachment=True).decode("ascii")) == filename.strip()


@pytest.mark.parametrize(
    ("filename", "sent"),
    [
        ("a/b.txt", "b.txt"), ("/etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("a\\b/c", "c"),
        ("C:\\x", "x"), ("a/b\\", None), ("a/", None), ("/", None), ("..", None), ("a/..", None), (".", None),
        ("a\r\nSet-Cookie: x=y", "a__Set-Cookie: x=y"), ("a\0.txt", "a_.txt"), ("a\tb\x7f\x1b", "a_b__"),
        ("\r\n", "__"),
    ],
)  # fmt: skip
def test_only_a_name_is_sent(filename: str, sent: str | None) -> None:
    assert parts(filename) == (sent, None)


@pytest.mark.parametrize(
    ("filename", "sent"),
    [
        ("a\x85\u2028\u2029\x9f\u00e9", "a____\u00e9"),
        ("\u202egnp.\u2066\u00e9", "_gnp._\u00e9"),
        ("a\ud83d.txt", "a\ufffd.txt"), ("b\udcff", "b\ufffd"), ("\ud83d\ude00", "\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_nor_does_anything_else_leave_in_the_whole_name(filename: str, sent: str) -> None:
    assert parts(filename)[1] == sent


@FIXED
@given(st.text(alphabet=st.characters(codec=None), max_size=12))
def test_every_name_is_sent_by_the_grammar(filename: str) -> None:
    plain, whole = parts(filename)
    sent = disposition.sent_name(filename)
    assert (whole or plain or "") == sent
    if plain is not None:
        assert re.fullmatch(r"[ -~]+", plain)
        assert not re.search(r'["\\/]|%[0-9A-Fa-f]{2}|=\?', plain.replace("/", "") if whole is None else plain)
        assert plain not in {".", ".."}


@FIXED
@given(st.text(alphabet='a%4="?;\\/. \u00e9\u0301\r\n\0\udc80\u037e', max_size=10))
def test_every_name_of_hard_characters_is_read_back(filename: str) -> None:
    sent = disposition.sent_name(filename)
    found = read(disposition.content_disposition(filename, attachment=False).decode("ascii"))
    assert (found or "").strip() == sent.strip()


def test_a_long_row_of_marks_takes_no_time() -> None:
    marks = "\u0301\u0323" * 50000
    assert parts("a" + marks + ".txt") == ("a.txt", "a" + marks + ".txt")


def test_the_field_is_there_once() -> None:
    fields: list[FieldLine] = [(b"A", b"b"), (b"content-disposition", b"inline"), (b"CONTENT-DISPOSITION", b"x")]
    disposition.set_content_disposition(fields, "a.txt", attachment=True)
    assert fields == [(b"A", b"b"), (b"Content-Disposition", b'attachment; filename="a.txt"')]
    disposition.set_content_disposition(fields, "", attachment=False)
    assert fields == [(b"A", b"b"), (b"Content-Disposition", b"inline")]
