"""The header section of a part: names as browsers, mail software and attackers write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import multipart_head
from merkhet_reference.multipart_head import FormError, FormTooLargeError, PartBegin

FIXED = settings(deadline=None, derandomize=True, database=None)
PLAIN = b"Content-Disposition: form-data; name=a"


def test_an_error_says_its_status() -> None:
    assert (FormError("why").why, FormError.status, FormTooLargeError.status) == ("why", 400, 413)
    assert issubclass(FormTooLargeError, FormError)
    assert issubclass(FormError, ValueError)
    assert str(FormTooLargeError("because")) == "because"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"form-data; name=a", ("a", None)),
        (b"FORM-Data;NAME=a;FileName=b", ("a", "b")),
        (b'form-data; filename="b.txt"; name="a"', ("a", "b.txt")),
        (b'form-data ; name="a" ; filename="" ;', ("a", "")),
        (b'form-data; name=""', ("", None)),
        (b'form-data;; name="a; filename=\\"x\\"";', ("a; filename=\"x\"", None)),
        (b'form-data; name="a=b;c"; other=d', ("a=b;c", None)),
        # Browsers: a quote and line ends in percent, everything else as it is.
        (b'form-data; name="a%22b%0D%0Ac"; filename="100%25.txt"', ('a"b\r\nc', "100%25.txt")),
        (b'form-data; name="%0d%0a%5C%2F"', ("%0d%0a%5C%2F", None)),
        (b'form-data; name=a; filename="C:\\dir\\new.txt"', ("a", "C:\\dir\\new.txt")),
        (b'form-data; name=a; filename="a\\%22b"', ("a", 'a\\"b')),
        # Mail software and curl: quoted pairs.
        (b'form-data; name="a\\"b\\\\c"', ('a"b\\c', None)),
        (b'form-data; name="\\\\\\"\\\\"', ('\\"\\', None)),
        (b"form-data; name=a%22b", ("a%22b", None)),
        (b'form-data; name="a\tb"', ("a\tb", None)),
        ('form-data; name="naïve ✓"; filename="résumé.pdf"'.encode(), ("naïve ✓", "résumé.pdf")),
        (b'form-data; name=a; filename="\xe9\xff.txt"', ("a", "\ufffd\ufffd.txt")),
        # Section 4.2: filename* is not to be used.
        (b"form-data; name=a; filename*=UTF-8''x.txt", ("a", None)),
        (b"form-data; name=a; filename=b; filename*=UTF-8''..%2Fx; name*=UTF-8''c", ("a", "b")),
        (b'form-data; name=a; filename="../../etc/passwd"', ("a", "../../etc/passwd")),
    ],
)  # fmt: skip
def test_names_are_read(value: bytes, names: tuple[str, str | None]) -> None:
    assert multipart_head.parse_disposition(value) == names


@pytest.mark.parametrize(
    "value",
    [
        b"", b"form-data", b"form-data;", b"form-data; filename=a", b"form-data; name*=UTF-8''a", b"form-data name=a",
        b"file; name=a", b"attachment; filename=a; name=b", b"; name=a", b"name=a",
        b"form-data; name", b"form-data; name=", b"form-data; name =a", b"form-data; name= a", b'form-data; name="a',
        b'form-data; name="a"b', b'form-data; name="a\\"', b"form-data; name=a/b", b"form-data; name=\xc3\xa9",
        b"form-data; name=a b", b"form-data, name=a",
        b"form-data; name=a; name=a", b"form-data; name=a; NAME=b", b"form-data; name=a; filename=b; filename=c",
        b'form-data; name="\xe9"', b'form-data; name="\xed\xa0\x80"', b'form-data; name="\xc0\xaf"',
    ],
)  # fmt: skip
def test_a_disposition_without_one_sure_name_is_refused(value: bytes) -> None:
    with pytest.raises(FormError):
        multipart_head.parse_disposition(value)


@FIXED
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_comes_back_as_its_writer_had_it(mail: str, browser: str) -> None:
    quoted = mail.replace("\\", "\\\\").replace('"', '\\"').encode()
    if not any(escape.decode() in mail for escape in multipart_head.NAME_ESCAPES):
        assert multipart_head.form_name(b'"' + quoted + b'"').decode() == mail
    plain = browser.replace("\\", "").replace("%", "")
    escaped = plain.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()
    assert multipart_head.form_name(b'"' + escaped + b'"').decode() == plain


@pytest.mark.parametrize(
    ("head", "begin"),
    [
        (PLAIN, ("a", None, None)),
        (PLAIN.lower() + b"\r\nCONTENT-TYPE:\ttext/x;a=b \t", ("a", None, b"text/x;a=b")),
        (b"Content-Type: \r\n" + PLAIN, ("a", None, b"")),
        (PLAIN + b"\r\nContent-Transfer-Encoding: 7bit", ("a", None, None)),
        (PLAIN + b"\r\nContent-Transfer-Encoding: 8Bit", ("a", None, None)),
        (PLAIN + b"\r\ncontent-transfer-encoding: BINARY", ("a", None, None)),
        # Section 4.8: whatever else stands there means nothing, however odd its value is.
        (PLAIN + b"\r\nContent-Length: +5\r\nContent-Length: 1_0\r\nX-(y)/z: \xe9\r\nContent-ID: a", ("a", None, None)),
        # Folded, as mail software does it.
        (b"Content-Disposition: form-data;\r\n name=a;\r\n\tfilename=\"b\r\n c\"", ("a", "b c", None)),
        (b"Content-Disposition:\r\n form-data; name=a\r\n \r\nX: y", ("a", None, None)),
    ],
)  # fmt: skip
def test_a_header_section_is_read(head: bytes, begin: tuple[str, str | None, bytes | None]) -> None:
    found = multipart_head.parse_part_head(head)
    assert found == PartBegin(*begin, found.fields)
    assert len(found.fields) == len(multipart_head.FOLD.sub(b"", head).split(b"\r\n"))


def test_the_field_lines_are_handed_on() -> None:
    fields = multipart_head.parse_part_head(PLAIN + b"\r\nX-A:  b \r\nx-a: c").fields
    assert fields.get_all(b"X-a") == [b"b", b"c"]


@pytest.mark.parametrize(
    "head",
    [
        b"", b"X: y", b"Content-Type: text/plain", PLAIN + b"\r\n" + PLAIN,
        PLAIN + b"\r\nContent-Type: a/b\r\nContent-Type: a/b",
        PLAIN + b"\r\nContent-Transfer-Encoding: base64", PLAIN + b"\r\nContent-Transfer-Encoding: quoted-printable",
        PLAIN + b"\r\nContent-Transfer-Encoding:", PLAIN + b"\r\nContent-Transfer-Encoding: 7bit, base64",
        PLAIN + b"\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64",
        PLAIN + b"\r\nno colon", PLAIN + b"\r\n: no name", PLAIN + b"\r\nX : y", PLAIN + b"\r\nX\xe9: y",
        b" folded: first\r\n" + PLAIN, PLAIN + b"\nX: y", PLAIN + b"\rX: y", PLAIN + b"\r\nX: \x00", PLAIN + b"\r\nX: \x7f",
        PLAIN + b"\r\n", b"\r\n" + PLAIN,
    ],
)  # fmt: skip
def test_a_header_section_that_says_too_little_or_two_things_is_refused(head: bytes) -> None:
    with pytest.raises(FormError):
        multipart_head.parse_part_head(head)


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"", {}),
        (b"; ;a=b", {b"a": b"b"}),
        (b' ; A="b;c=\\"d" ;e=f', {b"a": b'"b;c=\\"d"', b"e": b"f"}),
    ],
)
def test_parameters_are_told_apart(octets: bytes, found: dict[bytes, bytes]) -> None:
    assert multipart_head.parameters(octets) == found


@pytest.mark.parametrize(
    ("value", "meaning"), [(b"a", b"a"), (b'""', b""), (b'"a\\b\\"\\\\"', b'ab"\\'), (b'"\\\xff"', b"\xff")]
)
def test_a_quoted_string_is_unquoted(value: bytes, meaning: bytes) -> None:
    assert multipart_head.unquoted(value) == meaning


def test_long_parameters_take_linear_time() -> None:
    """python-multipart before 0.0.7 took exponential time, tornado before 6.5.3 quadratic."""
    started = time.process_time()
    for unit in (b"\\\\", b";", b"; ", b" ;a=", b'\\"', b";name", b'"; "', b"%22"):
        for value in (b'form-data; name="' + unit * 100_000, b"form-data" + unit * 100_000 + b"\x00"):
            with pytest.raises(FormError):
                multipart_head.parse_disposition(value)
    assert multipart_head.parse_disposition(b'form-data; name="' + b";" * 300_000 + b'"')[0] == ";" * 300_000
    assert multipart_head.parse_disposition(b"form-data; name=a" + b" ;" * 300_000) == ("a", None)
    assert time.process_time() - started < 5
