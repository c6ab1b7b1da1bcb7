"""Field lines: order kept, names without case, values joined and taken apart as lists."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference.fields import FieldLine, Fields

FIXED = settings(deadline=None, derandomize=True, database=None)
LINES: list[FieldLine] = [(b"Accept", b"a"), (b"Host", b"h"), (b"ACCEPT", b""), (b"accept", b"b, C")]
NAMES = st.sampled_from([b"a", b"A", b"b-c", b"B-C", b"\xc0", b"\xe0"])


def test_lines_are_as_received_and_in_order() -> None:
    fields = Fields(iter(LINES))
    assert list(fields) == fields.lines == LINES
    assert len(fields) == 4
    assert repr(Fields(LINES[:1])) == "Fields([(b'Accept', b'a')])"


def test_names_are_found_in_any_case() -> None:
    fields = Fields(LINES)
    assert b"aCCept" in fields
    assert b"Accept-" not in fields
    assert fields.get_all(b"ACCEPT") == [b"a", b"", b"b, C"]
    assert fields.get_all(b"missing") == []


def test_what_is_asked_of_every_request_is_looked_up_in_lower_case() -> None:
    assert Fields(LINES).by_name == {b"accept": [b"a", b"", b"b, C"], b"host": [b"h"]}
    assert Fields().by_name == {}


def test_octets_beyond_ascii_have_no_case() -> None:
    assert b"\xe0" not in Fields([(b"\xc0", b"1")])


def test_lines_of_one_name_are_combined_with_comma_and_space() -> None:
    fields = Fields(LINES)
    assert fields.get(b"accept") == b"a, , b, C"
    assert fields.get(b"host") == b"h"
    assert fields.get(b"missing") is None
    assert Fields([(b"A", b"")]).get(b"a") == b""


def test_list_members_are_lower_case_without_the_empty_ones() -> None:
    fields = Fields([(b"Connection", b" ,Close ,\t, Keep-Alive"), (b"connection", b""), (b"CONNECTION", b"x;y=Z")])
    assert fields.list_members(b"Connection") == [b"close", b"keep-alive", b"x;y=z"]
    assert fields.list_members(b"missing") == []


def test_a_token_is_found_only_as_a_whole_member() -> None:
    fields = Fields([(b"Connection", b"not-close, CLOSED, a close")])
    assert not fields.contains_token(b"connection", b"close")
    assert Fields([(b"Connection", b"x,cLOSE")]).contains_token(b"connection", b"close")


def test_equality_is_that_of_the_lines() -> None:
    assert Fields(LINES) == Fields(LINES)
    assert hash(Fields(LINES)) == hash(Fields(LINES))
    assert Fields(LINES) != Fields(LINES[::-1])
    assert Fields() != LINES
    assert not len(Fields())


@FIXED
@given(st.lists(st.tuples(NAMES, st.binary(max_size=4))))
def test_lookup_agrees_with_a_search_of_the_lines(lines: list[FieldLine]) -> None:
    fields = Fields(lines)
    for asked in (b"a", b"b-C", b"\xc0", b"\xe0", b"none"):
        values = [value for name, value in lines if name.lower() == asked.lower()]
        assert fields.get_all(asked) == values
        assert fields.get(asked) == (b", ".join(values) if values else None)
        assert (asked in fields) == bool(values)
        assert fields.by_name.get(asked.lower(), []) == values
