"""Entity tags and modification dates: the grammar, both comparisons, and what is made for a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import http_date, validators
from merkhet_reference.validators import ANY, EntityTag

FIXED = settings(deadline=None, derandomize=True, database=None)
NOW = 1731000000.5
SECOND = 10**9
CHANGED = 1730000000 * SECOND + 123456789
"""Nanoseconds, days before NOW."""

ETAGC = bytes([0x21, *range(0x23, 0x7F), *range(0x80, 0x100)])
TAGS = st.builds(EntityTag, st.lists(st.sampled_from(ETAGC), max_size=8).map(bytes), st.booleans())


def strong(opaque: bytes) -> EntityTag:
    return EntityTag(opaque, weak=False)


def weak(opaque: bytes) -> EntityTag:
    return EntityTag(opaque, weak=True)


def stat(inode: int = 7, size: int = 11, mtime_ns: int = CHANGED, *, ctime: int = 0, mode: int = 0) -> os.stat_result:
    seconds = mtime_ns // SECOND
    return os.stat_result((mode, inode, 1, 1, 0, 0, size, 0, seconds, ctime), {"st_mtime_ns": mtime_ns})


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        (b'"xyzzy"', strong(b"xyzzy")), (b'W/"xyzzy"', weak(b"xyzzy")), (b'""', strong(b"")), (b'W/""', weak(b"")),
        (b'"a,b"', strong(b"a,b")), (b'"W/"', strong(b"W/")), (b'"*"', strong(b"*")), (b'"a\\"', strong(b"a\\")),
        (b'"!#~\x80\xff"', strong(b"!#~\x80\xff")), (b'"' + b"x" * 60000 + b'"', strong(b"x" * 60000)),
    ],
)  # fmt: skip
def test_an_entity_tag_is_read_and_written_as_it_is(value: bytes, tag: EntityTag) -> None:
    assert validators.parse_entity_tag(value) == tag
    assert tag.encode() == value


@pytest.mark.parametrize(
    "value",
    [
        b"", b"xyzzy", b"*", b"W/xyzzy", b'w/"xyzzy"', b'W "xyzzy"', b'W/ "xyzzy"', b'W/W/"xyzzy"', b"W/", b'"', b'W/"',
        b'"xyzzy', b'xyzzy"', b"'xyzzy'", b'"xy zzy"', b'"xy\tzzy"', b'"xy"zzy"', b'"xy\\"zzy"', b'"\x7f"', b'"\x00"',
        b'"a\n"', b'"xyzzy"\n', b' "xyzzy"', b'"xyzzy" ', b'"a", "b"', b'"a"W/', b'X"a"', b'"a"' * 20000,
    ],
)  # fmt: skip
def test_anything_else_is_no_entity_tag(value: bytes) -> None:
    assert validators.parse_entity_tag(value) is None


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        ([b'"a"'], [strong(b"a")]),
        ([b'"a", "b","c" ,\t"d"'], [strong(b"a"), strong(b"b"), strong(b"c"), strong(b"d")]),
        ([b'W/"a",W/"b", "c"'], [weak(b"a"), weak(b"b"), strong(b"c")]),
        ([b'"a"', b'W/"b"'], [strong(b"a"), weak(b"b")]),
        ([b'"a", "b"', b'"c"'], [strong(b"a"), strong(b"b"), strong(b"c")]),
        ([b'"a,b"'], [strong(b"a,b")]),
        ([b'",",W/","'], [strong(b","), weak(b",")]),
        ([b'"W/", "a"'], [strong(b"W/"), strong(b"a")]),
        ([b'"*", "a"'], [strong(b"*"), strong(b"a")]),
        ([b',, "a" ,\t, ,"b",'], [strong(b"a"), strong(b"b")]),
        ([b"", b'"a"', b"", b" , "], [strong(b"a")]),
        ([b' "a"\t'], [strong(b"a")]),
        ([b'""'], [strong(b"")]),
        ([], []), ([b""], []), ([b",", b""], []), ([b"," * 60000], []), ([b" " * 60000], []), ([b" ," * 30000], []),
        ([b'"a",' * 10000], [strong(b"a")] * 10000),
    ],
)  # fmt: skip
def test_a_list_of_tags_is_read_over_all_lines(values: list[bytes], tags: list[EntityTag]) -> None:
    assert validators.parse_entity_tags(values) == tags


def test_an_asterisk_alone_is_any_tag() -> None:
    assert validators.parse_entity_tags([b"*"]) is ANY


@pytest.mark.parametrize(
    "values",
    [
        [b"*", b"*"], [b"*, *"], [b'*, "a"'], [b'"a", *'], [b"*", b'"a"'], [b"*,"], [b",*"], [b"*", b""], [b"**"], [b"a"],
        [b'"a" "b"'], [b'"a""b"'], [b'"a"b'], [b'a"b"'], [b'"a"; "b"'], [b'"a", b'], [b'w/"a"'], [b'W/ "a"'],
        [b'W/,"a"'], [b'"a", "b'], [b'"a'], [b'"a', b'b"'], [b'"', b'"'], [b'W/', b'"a"'], [b'"a b"'], [b'"a"\n'],
        [b'"a"\x0b'], [b'"a"' + b" " * 60000 + b"b"], [b'"' + b"a" * 60000], [b'"a" ' * 15000],
        [b"W/" * 30000], [b'"a",' * 10000 + b"b"],
    ],
)  # fmt: skip
def test_what_is_neither_is_malformed(values: list[bytes]) -> None:
    assert validators.parse_entity_tags(values) is None


@FIXED
@given(TAGS)
def test_every_tag_survives_the_wire(tag: EntityTag) -> None:
    assert validators.parse_entity_tag(tag.encode()) == tag


@FIXED
@given(st.lists(TAGS, max_size=5), st.sampled_from([b",", b", ", b" ,\t", b",,", b", , "]))
def test_every_list_of_tags_survives_the_wire(tags: list[EntityTag], separator: bytes) -> None:
    lines = [tag.encode() for tag in tags]
    assert validators.parse_entity_tags(lines) == tags
    assert validators.parse_entity_tags([separator.join(lines)]) == tags


@FIXED
@given(st.lists(st.lists(st.sampled_from([b'"', b"W/", b"a", b",", b" ", b"*"]), max_size=8).map(b"".join), max_size=3))
def test_a_list_is_a_list_line_by_line(values: list[bytes]) -> None:
    found = validators.parse_entity_tags(values)
    singly = [validators.parse_entity_tags([value]) for value in values]
    if all(isinstance(tags, list) for tags in singly):
        assert found == [tag for tags in singly if isinstance(tags, list) for tag in tags]
    else:
        assert found is (ANY if values == [b"*"] else None)


@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        # The table of Section 8.8.3.2, and what it leaves out.
        (weak(b"1"), weak(b"1"), False, True),
        (weak(b"1"), weak(b"2"), False, False),
        (weak(b"1"), strong(b"1"), False, True),
        (strong(b"1"), strong(b"1"), True, True),
        (strong(b"1"), strong(b"2"), False, False),
        (weak(b"1"), strong(b"2"), False, False),
        (strong(b"a"), strong(b"A"), False, False),
        (strong(b""), strong(b""), True, True),
    ],
)
def test_the_two_comparisons(one: EntityTag, other: EntityTag, strongly: bool, weakly: bool) -> None:  # noqa: FBT001
    assert validators.strong_match(one, other) is validators.strong_match(other, one) is strongly
    assert validators.weak_match(one, other) is validators.weak_match(other, one) is weakly


@pytest.mark.parametrize("tag", [strong(b"a"), weak(b"a"), strong(b"")])
def test_a_coded_form_has_a_tag_of_its_own_and_the_same_strength(tag: EntityTag) -> None:
    gzip, other = validators.variant_tag(tag, b"gzip"), validators.variant_tag(tag, b"br")
    assert len({tag.opaque, gzip.opaque, other.opaque}) == 3
    assert gzip.weak is other.weak is tag.weak
    assert validators.parse_entity_tag(gzip.encode()) == gzip


def test_a_coded_form_can_be_told_from_its_tag() -> None:
    assert validators.variant_tag(strong(b"123"), b"gzip") == strong(b"123-gzip")


def test_a_file_has_a_strong_tag_and_its_date() -> None:
    found = validators.file_validators(stat(), NOW)
    assert found.entity_tag is not None
    assert not found.entity_tag.weak
    assert validators.parse_entity_tag(found.entity_tag.encode()) == found.entity_tag
    assert found.last_modified == 1730000000


@pytest.mark.parametrize(
    "other",
    [
        stat(inode=8), stat(size=12), stat(mtime_ns=CHANGED + 1), stat(mtime_ns=CHANGED - SECOND),
        # The same digits in other places are other numbers.
        stat(inode=71, size=1), stat(inode=11, size=7),
    ],
)  # fmt: skip
def test_inode_size_and_nanosecond_each_change_the_tag(other: os.stat_result) -> None:
    assert validators.file_tag(other, NOW) != validators.file_tag(stat(), NOW)


def test_mode_and_inode_change_time_do_not_change_the_tag() -> None:
    assert validators.file_tag(stat(ctime=1730000005, mode=0o100600), NOW + 100) == validators.file_tag(stat(), NOW)


def test_the_numbers_of_the_file_system_are_not_in_the_tag() -> None:
    opaque = validators.file_tag(stat(inode=123456789, size=987654321), NOW).opaque
    for number in (123456789, 987654321, CHANGED):
        assert b"%d" % number not in opaque
        assert b"%x" % number not in opaque


@pytest.mark.parametrize(
    ("later", "is_weak"),
    [
        (0.0, True),
        (1.0, True),
        (1.999, True),
        (2.0, False),
        (2.001, False),
        (1e6, False),
        (-0.001, True),
        (-86400.0, True),
    ],
)
def test_a_tag_is_weak_while_a_change_could_go_unnoticed(later: float, is_weak: bool) -> None:  # noqa: FBT001
    changed = 1730000000 * SECOND
    assert validators.file_tag(stat(mtime_ns=changed), 1730000000 + later).weak is is_weak


def test_a_tag_from_before_the_file_settled_is_not_taken_for_one_from_after() -> None:
    # Two contents of the same size within one tick of the clock: who has the first has to learn of the second.
    before = validators.file_tag(stat(), CHANGED / SECOND + 0.1)
    after = validators.file_tag(stat(), CHANGED / SECOND + 10)
    assert (before.weak, after.weak) == (True, False)
    assert not validators.weak_match(before, after)


@pytest.mark.parametrize(
    ("mtime_ns", "now", "last_modified"),
    [
        (5 * SECOND, 10.0, 5),
        (5 * SECOND + 999999999, 10.0, 5),
        (10 * SECOND, 10.9, 10),
        (10 * SECOND + 999999999, 10.9, 10),
        (11 * SECOND, 10.9, 10),
        (86410 * SECOND, 10.9, 10),
        (0, 10.0, 0),
        (-1, 10.0, -1),
        (http_date.SECONDS_MIN * SECOND, 10.0, http_date.SECONDS_MIN),
        (http_date.SECONDS_MIN * SECOND - 1, 10.0, None),
        (2**62 * SECOND, 10.0, 10),
        (-(2**62) * SECOND, 10.0, None),
    ],
)
def test_a_modification_date_is_whole_and_never_in_the_future(
    mtime_ns: int, now: float, last_modified: int | None
) -> None:
    assert validators.file_last_modified(stat(mtime_ns=mtime_ns), now) == last_modified


def test_a_real_file_changes_its_validators_with_its_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    os.utime(path, ns=(0, CHANGED))
    first = validators.file_validators(path.stat(), NOW)
    assert first == validators.file_validators(path.stat(), NOW + 1)
    assert first.last_modified == 1730000000
    path.write_bytes(b"three")
    os.utime(path, ns=(0, CHANGED))
    second = validators.file_validators(path.stat(), NOW)
    assert second.entity_tag != first.entity_tag
    # Replaced by rename, as editors do it: the size and the times are the same, the inode is not.
    other = tmp_path / "other"
    other.write_bytes(b"seven")
    os.utime(other, ns=(0, CHANGED))
    other.rename(path)
    assert validators.file_validators(path.stat(), NOW).entity_tag not in (first.entity_tag, second.entity_tag)


@pytest.mark.parametrize(
    ("last_modified", "date", "is_strong"),
    [
        (100, 100.0, False), (100, 100.999, False), (100, 101.0, False), (100, 101.999, False), (100, 102.0, True),
        (100, 1e9, True), (100, 99.0, False), (100, 0.0, False), (-100, -98.0, True),
    ],
)  # fmt: skip
def test_a_date_is_strong_when_its_second_is_over(last_modified: int, date: float, is_strong: bool) -> None:  # noqa: FBT001
    assert validators.last_modified_is_strong(last_modified, date) is is_strong
