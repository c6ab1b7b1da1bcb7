"""The core rules: what each matches whole, what it does not, and that no input makes one slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import abnf

FIXED = settings(deadline=None, derandomize=True, database=None)

TCHAR = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
FIELD_OCTETS = frozenset({0x09, *range(0x20, 0x7F), *range(0x80, 0x100)})

MATCHES: dict[bytes, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {
    abnf.TOKEN: ((b"a", b"X-1", b"!#$%&'*+-.^_`|~"), (b"", b"a b", b"a\n", b"a:", b"\xc3\xa9")),
    abnf.OWS: ((b"", b" ", b"\t \t"), (b"\r\n ", b"\x0b", b"\xa0")),
    abnf.QUOTED_STRING: (
        (b'""', b'"a b"', b'"\\""', b'"\\\\"', b'"\xff\\\xff"', b'"!#[]~"'),
        (b'"', b'"a', b'"\\"', b'"\x00"', b'"\x7f"', b'"\\\x00"', b'"a"b"', b'"\n"'),
    ),
    abnf.FIELD_VALUE: ((b"", b" a\tb ", b"\x80\xff"), (b"\r", b"\n", b"a\x00", b"\x7f", b"\x1b[0m")),
    abnf.DIGITS: ((b"0", b"0123456789"), (b"", b"+1", b"1_0", b"\xd9\xa1", b"1\n", b" 1")),
    abnf.HEXDIGITS: ((b"0", b"aF09"), (b"", b"g", b"0x1", b"-1")),
    abnf.PARAMETERS: (
        (b"", b";a=b", b' ; a="b;c" ;d=e', b";", b"; ;a=b"),
        (b"a=b", b";a", b";a=", b";a = b", b';a="b', b";a=b "),
    ),
    abnf.PCT_ENCODED: ((b"%00", b"%aF"), (b"%", b"%0", b"%0g", b"%000")),
    abnf.PCHAR: ((b"a", b":", b"@", b"%2F", b"~"), (b"", b"/", b"?", b"#", b'"', b"ab", b"\x80")),
    abnf.ABSOLUTE_PATH: ((b"/", b"//", b"/a/b;c=d/%20"), (b"", b"a", b"/a b", b"/a?b", b"/%zz", b"/[", b"/\\")),
    abnf.QUERY: ((b"", b"a=b&c", b"/?:@%20"), (b"#", b"a b", b"%", b"[", b"|")),
    abnf.SCHEME: ((b"http", b"a+b-c.1"), (b"", b"1a", b"a:", b"+a")),
    abnf.REG_NAME: ((b"", b"a.example", b"%41", b"a_b!"), (b"a:1", b"a/b", b"a@b", b"a b", b"%4")),
    abnf.IPV6_ADDRESS: (
        (
            b"::", b"::1", b"1::", b"1:2:3:4:5:6:7:8", b"1:2:3:4:5:6:7::", b"::2:3:4:5:6:7:8", b"1:2:3:4:5:6::8", b"1::3:4:5:6:7:8",
            b"1:2:3:4:5:6:1.2.3.4", b"::1.2.3.4", b"1:2:3:4:5::1.2.3.4", b"FFFF:abcd::", b"::255.255.255.0",
        ),
        (
            b"", b":", b":::", b"1", b"::1:", b":1::", b"1::2::3", b"1:2:3:4:5:6:7", b"1:2:3:4:5:6:7:8:9", b"12345::", b"g::",
            b"1:2.3.4.5", b"1:2:3:4:5:6:7:1.2.3.4", b"::1.2.3", b"::1.2.3.256", b"::01.2.3.4", b"::1.2.3.4:5",
            b"1.2.3.4", b"1::2:3:4:5:6:7:8:9",
        ),
    ),
    abnf.IP_LITERAL: (
        (b"[::1]", b"[1::2.3.4.5]", b"[v1.a:b]", b"[VF.x]"),
        (b"[]", b"::1", b"[::1", b"[::1:]", b"[v.a]", b"[::1%25a]"),
    ),
    abnf.URI_HOST: ((b"", b"h", b"127.0.0.1", b"[::1]"), (b"[", b"h:1", b"a,b c")),
    abnf.PORT: ((b"", b"0", b"65536"), (b"-1", b"a", b":")),
}  # fmt: skip


@pytest.mark.parametrize("rule", MATCHES, ids=repr)
def test_a_rule_matches_what_the_grammar_has_and_nothing_else(rule: bytes) -> None:
    pattern = abnf.whole(rule)
    yes, no = MATCHES[rule]
    assert [octets for octets in yes if pattern.match(octets) is None] == []
    assert [octets for octets in no if pattern.match(octets) is not None] == []


@pytest.mark.parametrize("octet", range(256))
def test_every_octet_alone_against_its_class(octet: int) -> None:
    alone = bytes([octet])
    assert (abnf.whole(abnf.TOKEN).match(alone) is not None) == (octet in TCHAR)
    assert (abnf.whole(abnf.FIELD_VALUE).match(alone) is not None) == (octet in FIELD_OCTETS)
    assert (abnf.whole(abnf.DIGITS).match(alone) is not None) == (alone in b"0123456789")
    assert (abnf.whole(abnf.OWS).match(alone) is not None) == (alone in b" \t")
    assert (abnf.whole(abnf.QUOTED_STRING).match(b'"' + alone + b'"') is not None) == (
        octet in FIELD_OCTETS and alone not in b'"\\'
    )


def test_bad_whitespace_is_the_same_octets() -> None:
    assert abnf.BWS == abnf.OWS


@FIXED
@given(st.binary(max_size=12))
def test_a_final_line_end_never_passes(octets: bytes) -> None:
    assert all(abnf.whole(rule).match(octets + b"\n") is None for rule in MATCHES)


@pytest.mark.parametrize(
    ("rule", "unit", "end"),
    [
        (abnf.QUOTED_STRING, b"\\a", b"\x00"),
        (abnf.PARAMETERS, b" ;", b"\x00"),
        (abnf.PARAMETERS, b"; a=b", b"\x00"),
        (abnf.ABSOLUTE_PATH, b"/a", b" "),
        (abnf.QUERY, b"%41/", b" "),
        (abnf.REG_NAME, b"%41a", b" "),
        (abnf.FIELD_VALUE, b" ", b"\x00"),
    ],
)
def test_matching_is_linear(rule: bytes, unit: bytes, end: bytes) -> None:
    # A quadratic pattern would take minutes here, a linear one milliseconds.
    started = time.process_time()
    assert abnf.whole(rule).match(unit * 200_000 + end) is None
    assert time.process_time() - started < 5
