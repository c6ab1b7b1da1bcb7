"""What a form endpoint reports, and the expectations of it, met and unmet."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import all_of, any_of, status
from merkhet.expect_form import (
    Told,
    any_form,
    any_part,
    field_part,
    file_part,
    file_typed,
    form_in_order,
    form_of,
    form_with,
    read_form,
)
from merkhet.expectation import Expectation, Rests, told_by

CONTEXT = Context(render=lambda data: data, baseline_status=200)


def response(content: bytes, *, status: int = 200) -> Response:
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=(), content=content)


def report(*fields: tuple[str, str], files: tuple[tuple[str, str, str | None, bytes], ...] = ()) -> bytes:
    rows = [[name, filename, kind, base64.b64encode(octets).decode()] for name, filename, kind, octets in files]
    return json.dumps({"fields": fields, "files": rows}).encode()


def answer(content: bytes, *, status: int = 200) -> Answer:
    return Answer(response=response(content, status=status))


FILE = ("f", "a.txt", "text/plain", b"\r\n")
BOTH = report(("a", "1"), ("a", "2"), files=(FILE,))
BOTH_TOLD = (
    "the report of a form with the field 'a' with the content b'1' and the field 'a' with the content b'2' "
    "and the file 'f' named 'a.txt' with the content b'\\r\\n'"
)
FILES = report(files=(FILE, ("g", "b.txt", None, b"")))


def test_report_is_read() -> None:
    assert read_form(response(report(("a", "\u00e9"), files=(FILE,)))) == (
        Told("a", b"\xc3\xa9"),
        Told("f", b"\r\n", "a.txt", "text/plain"),
    )
    assert read_form(response(report(("a", "\udce9")))) == (Told("a", b"\xed\xb3\xa9"),)


@pytest.mark.parametrize(
    "document",
    [
        b"no",
        b"\xff",
        b"[]",
        b"{}",
        b'{"fields": []}',
        b'{"fields": [["a"]], "files": []}',
        b'{"fields": [["a", 1]], "files": []}',
        b'{"fields": [[null, "1"]], "files": []}',
        b'{"fields": 1, "files": []}',
        b'{"fields": [], "files": [["f", null, null, ""]]}',
        b'{"fields": [], "files": [["f", "a", null, "*"]]}',
        b'{"fields": [], "files": [["f", "a", 1, ""]]}',
        b'{"fields": [], "files": [["f", "a", ""]]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_report(document: bytes) -> None:
    assert read_form(response(document)) is None
    assert not any_form.matches(answer(document), CONTEXT)


@pytest.mark.parametrize(
    ("expectation", "met", "unmet"),
    [
        (any_form, report(), b"{}"),
        (form_of(), report(), BOTH),
        (form_of(field_part("a", "1")), report(("a", "1")), report(("a", "2"))),
        (form_of(field_part("a", "1")), report(("a", "1")), report(("b", "1"))),
        (form_of(field_part("a", "1")), report(("a", "1")), report(("a", "1"), ("a", "1"))),
        (form_of(field_part("a", "1")), report(("a", "1")), report(files=(("a", "", None, b"1"),))),
        (form_of(field_part("a", None)), report(("a", "1")), report(("b", "1"))),
        (form_of(field_part(None, "1")), report(("a", "1")), report(("a", "2"))),
        (form_of(field_part("a", "2"), field_part("a", "1")), report(("a", "1"), ("a", "2")), report(("a", "1"))),
        (form_of(field_part("a", "1"), field_part("a", "1")), report(("a", "1"), ("a", "1")), report(("a", "1"))),
        (form_of(any_part("a", b"1"), field_part("a", "1")), report(("a", "1"), files=(("a", "", None, b"1"),)), BOTH),
        (form_of(file_part("f", b"\r\n")), report(files=(FILE,)), report(files=(("f", "a.txt", None, b"\n"),))),
        (form_of(file_part("f", None, "a.txt")), report(files=(FILE,)), report(files=(("f", "b.txt", None, b"\r\n"),))),
        (form_of(file_part("f", b"\r\n")), report(files=(FILE,)), report(("f", "\r\n"))),
        (form_with(field_part("a", "2")), BOTH, report(("a", "1"))),
        (form_with(file_part(None, b"\r\n")), BOTH, report(("a", "\r\n"))),
        (form_in_order(field_part("a", "1"), field_part("a", "2"), any_part("f", b"\r\n")), BOTH, report(("a", "1"))),
        (form_in_order(field_part("a", "1")), report(("a", "1")), report(("a", "1"), ("a", "2"))),
        (
            form_in_order(field_part("a", "1"), field_part("a", "2")),
            report(("a", "1"), ("a", "2")),
            report(("a", "2"), ("a", "1")),
        ),
        (form_in_order(file_part("f", None), file_part("g", b"")), FILES, BOTH),
        (
            file_typed("text/plain"),
            report(files=(("f", "a", "Text/Plain", b""),)),
            report(files=(("f", "a", None, b""),)),
        ),
        (file_typed(None), report(files=(("f", "a", None, b""),)), report(files=(FILE,))),
        (file_typed(None), report(("a", "1"), files=(("f", "a", None, b""),)), report(("a", "1"))),
    ],
)
def test_met_and_unmet(expectation: Expectation, met: bytes, unmet: bytes) -> None:
    assert expectation.matches(answer(met), CONTEXT)
    assert not expectation.matches(answer(unmet), CONTEXT)
    assert not expectation.matches(answer(met, status=400), CONTEXT)
    assert not expectation.matches(Answer(end=End.CLOSED), CONTEXT)
    assert expectation.rests_on is Rests.CONTENT
    assert expectation.describe().startswith("the report of a f")


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (form_of(), "the report of a form without any part"),
        (any_form, "the report of a form"),
        (
            form_of(field_part("\u00e9", "1"), file_part("f", b"x" * 50, 'a"')),
            (
                "the report of a form with the field '\\xe9' with the content b'1' and the file 'f' named 'a\"' "
                f"with the content b'{'x' * 40}'... (50 octets)"
            ),
        ),
        (
            form_in_order(any_part(None, b"1")),
            "the report of a form with the part with the content b'1', in this order",
        ),
        (file_typed(None), "the report of a file without a type"),
        (file_typed("text/plain"), "the report of a file of type text/plain"),
    ],
)
def test_words_show_no_raw_octets(expectation: Expectation, words: str) -> None:
    assert expectation.describe() == words


def test_the_closest_part_is_found_first() -> None:
    """A part that may be anything never takes what another one asks for by name."""
    told: Any = report(("a", "1"), ("b", "1"))
    assert form_of(field_part(None, "1"), field_part("a", "1")).matches(answer(told), CONTEXT)


@pytest.mark.parametrize(
    ("expectation", "document", "words"),
    [
        (any_form, report(), "the report of a form without any part"),
        (
            form_of(field_part("x", "1")),
            BOTH,
            BOTH_TOLD,
        ),
        (
            any_form,
            report(*(("a", str(number)) for number in range(8))),
            "the report of a form with "
            + " and ".join(f"the field 'a' with the content b'{number}'" for number in range(6))
            + " and 2 more",
        ),
        (any_form, b"{}", ""),
        (file_typed("a/b"), report(files=(FILE,)), "the report of a file of type 'text/plain'"),
        (
            file_typed("a/b"),
            FILES,
            "the report of a file of type 'text/plain' and a file without a type",
        ),
        (
            file_typed("a/b"),
            report(files=(FILE,) * 8),
            "the report of a file " + " and a file ".join(["of type 'text/plain'"] * 6) + " and 2 more",
        ),
        (file_typed("a/b"), report(("a", "1")), "the report of a form without a file"),
        (file_typed("a/b"), b"{}", ""),
    ],
)
def test_what_was_read_is_told(expectation: Expectation, document: bytes, words: str) -> None:
    assert told_by((status(200), expectation), answer(document)) == words
    assert told_by((any_of(status(404), expectation),), answer(document)) == words
    assert told_by((all_of(status(200), expectation),), answer(document)) == words
    assert told_by((expectation,), answer(document, status=400)) == ""
    assert told_by((expectation,), Answer(end=End.CLOSED)) == ""


@pytest.mark.parametrize("expectation", [any_form, file_typed("a/b")])
def test_what_a_hostile_target_tells_is_inert_and_short(expectation: Expectation) -> None:
    hostile = "\x1b[2J\u202e\udce9\u2028<script>\r\n" * 1000
    told = told_by(
        (expectation,), answer(report(files=((hostile, hostile, hostile, hostile.encode("utf-8", "replace")),)))
    )
    assert told.isascii()
    assert told.isprintable()
    assert len(told) < 1000
