"""Forms: fields as text, files on disk under names of our own, and nothing left behind when a form comes to nothing."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import forms
from merkhet_reference.forms import Form, FormField, FormFile
from merkhet_reference.limits import Limits
from merkhet_reference.multipart import FormError, FormTooLargeError

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits(
    multipart_parts_max=9, multipart_field_bytes_max=20, multipart_file_bytes_max=300_000, content_bytes_max=50
)
FORM_DATA = b"multipart/form-data; boundary=b"

Receiving = Generator[None, bytes | None, Form]


def part(content: bytes, name: str = "a", *lines: bytes, filename: str | None = None) -> bytes:
    """One part, with its delimiter before it and the CRLF of the next one behind it."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    return b"--b\r\n" + b"\r\n".join([disposition.encode(), *lines]) + b"\r\n\r\n" + content + b"\r\n"


def upload(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


def handler(folder: Path, content_type: bytes = FORM_DATA, limits: Limits = LIMITS) -> Receiving:
    """A handler as an application writes it."""
    return (yield from forms.receive_form(content_type, folder, limits))


def received(folder: Path, pieces: list[bytes], content_type: bytes = FORM_DATA, limits: Limits = LIMITS) -> Form:
    """The form that these pieces come to, driven as the machine drives a handler."""
    receiving = handler(folder, content_type, limits)
    next(receiving)
    for piece in pieces:
        receiving.send(piece)
    with pytest.raises(StopIteration) as stopped:
        receiving.send(None)
    form = stopped.value.value
    assert isinstance(form, Form)
    return form


def fields_of(folder: Path, *parts: bytes) -> list[tuple[str, str]]:
    form = received(folder, [upload(*parts)])
    assert not form.files
    return [(field.name, field.value) for field in form.fields]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_fields_and_files_are_received_in_order(tmp_path: Path) -> None:
    large = bytes(range(256)) * 1000
    body = upload(
        part(b"1"), part(large, "f", b"Content-Type: image/png", filename="C:\\dir\\x.png"), part(b"", "b", b"Content-Type: a/b"),
        part(b"2"), part(b"", "f", filename="x.png"),
    )  # fmt: skip
    for size in (len(body), 65536, 1000, 7):
        form = received(tmp_path, [body[at : at + size] for at in range(0, len(body), size)])
        assert form.fields == [FormField("a", "1"), FormField("b", "", "a/b"), FormField("a", "2")]
        first, second = form.files
        assert first == FormFile("f", "x.png", "image/png", first.path, len(large))
        assert second == FormFile("f", "x.png", None, second.path, 0)
        assert (first.path.read_bytes(), second.path.read_bytes()) == (large, b"")
        assert names_in(tmp_path) == sorted([first.path.name, second.path.name])
        for file in form.files:
            assert file.path.parent == tmp_path
            assert "x" not in file.path.name.removeprefix("upload-")[8:]
            assert file.path.stat().st_mode & 0o077 == 0
            file.path.unlink()


def test_values_and_files_are_found_by_name() -> None:
    files = [FormFile("f", str(number), None, Path(str(number)), 0) for number in range(3)]
    form = Form(
        [FormField("a", "1"), FormField("b", "2"), FormField("a", "3")], [*files, FormFile("g", "", None, Path(), 0)]
    )
    assert (form.get("a"), form.get("b"), form.get("f")) == ("1", "2", None)
    assert (form.get_all("a"), form.get_all("c")) == (["1", "3"], [])
    assert (form.get_files("f"), form.get_files("a")) == (files, [])


def test_an_empty_form_is_a_form(tmp_path: Path) -> None:
    assert received(tmp_path, [b"--b--"]) == Form([], [])


def test_a_file_input_that_nobody_has_filled_in_is_no_file(tmp_path: Path) -> None:
    octets = b"Content-Type: application/octet-stream"
    form = received(tmp_path, [upload(part(b"", "f", octets, filename=""), part(b"1"))])
    assert form == Form([FormField("a", "1")], [])
    assert names_in(tmp_path) == []
    (file,) = received(tmp_path, [upload(part(b"x", "f", octets, filename=""))]).files
    assert (file.filename, file.length, file.path.read_bytes()) == ("unnamed", 1, b"x")


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "x/y", "C:\\\\x", "x%0D%0Ay", "upload-", "a" * 4000])
def test_no_name_of_the_client_gets_to_the_disk(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "one" / "two"
    folder.mkdir(parents=True)
    (file,) = received(folder, [upload(part(b"x", name, filename=name))]).files
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file.path]
    assert file.path.parent == folder
    assert len(file.path.name) < 30
    assert file.filename == forms.safe_filename(file.filename)


GOOD = part(b"content", "f", filename="one") + part(b"1")


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([GOOD], 400),
        ([GOOD, b"--bx"], 400),
        ([GOOD + b"--b\r\nContent-Disposition: form-data\r\n\r\n"], 400),
        ([GOOD + part(b"x" * 21)], 413),
        ([GOOD + part(b"x" * 300_001, filename="two")], 413),
        ([GOOD + part(b"", filename="two") * 8 + b"--b--"], 413),
        ([GOOD + part(b"x" * 17) * 3 + b"--b--"], 413),
        ([upload(GOOD, part(b"\xff"))], 400),
        ([upload(GOOD, part(b"nobody's", "_charset_"))], 400),
        ([upload(GOOD, part(b"", "a", b"Content-Type: text/plain; charset=nobody's"))], 400),
        ([upload(GOOD, part(b"", "a", b"Content-Type: text/plain; charset=a; charset=a"))], 400),
        ([part(b"content", filename="one")[:-2]], 400),
    ],
)
def test_an_error_leaves_no_file(tmp_path: Path, pieces: list[bytes], status: int) -> None:
    receiving = handler(tmp_path)
    next(receiving)
    with pytest.raises(FormError) as caught:
        list(map(receiving.send, [*pieces, None]))
    assert caught.value.status == status
    assert names_in(tmp_path) == []


def test_a_fault_is_told_before_more_comes(tmp_path: Path) -> None:
    receiving = handler(tmp_path)
    next(receiving)
    with pytest.raises(FormError, match="begins with the boundary"):
        receiving.send(GOOD + b"--bx")


def test_the_fields_have_a_bound_together(tmp_path: Path) -> None:
    parts = [part(b"x" * 20), part(b"y" * 20), part(b"z" * 10)]
    assert len(received(tmp_path, [upload(*parts)]).fields) == 3
    receiving = handler(tmp_path)
    next(receiving)
    with pytest.raises(FormTooLargeError, match="together"):
        receiving.send(upload(*parts, part(b"!")))


def test_no_form_is_refused_before_anything_is_asked_for(tmp_path: Path) -> None:
    for content_type in (b"", b"text/plain", b"multipart/form-data"):
        with pytest.raises(FormError):
            next(handler(tmp_path, content_type))


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_client_that_goes_leaves_no_file(tmp_path: Path, *, is_closed: bool) -> None:
    """Whether the generator is closed, or only forgotten."""
    body = upload(
        part(b"1", "f", filename="one"), part(b"2" * 100_000, "f", filename="two"), part(b"3", "f", filename="three")
    )
    for at in range(0, len(body), 997):
        receiving = handler(tmp_path)
        next(receiving)
        receiving.send(body[:at])
        if at > 50_000:
            assert len(names_in(tmp_path)) >= 2
        if is_closed:
            receiving.close()
            assert names_in(tmp_path) == []
        del receiving
        gc.collect(0)
        assert names_in(tmp_path) == []


def test_the_files_of_a_whole_form_are_the_callers(tmp_path: Path) -> None:
    form = received(tmp_path, [upload(GOOD)])
    assert form.files[0].path.read_bytes() == b"content"
    gc.collect()
    assert names_in(tmp_path) == [form.files[0].path.name]


def test_a_file_that_its_owner_has_moved_is_not_missed(tmp_path: Path) -> None:
    """A temporary file that is gone already, when a form comes to nothing, is no second error."""
    receiving = handler(tmp_path)
    next(receiving)
    receiving.send(GOOD)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(FormError, match="closing delimiter"):
        receiving.send(None)


def test_a_folder_that_is_not_there_is_our_own_fault(tmp_path: Path) -> None:
    receiving = handler(tmp_path / "missing")
    next(receiving)
    receiving.send(part(b"1"))
    with pytest.raises(FileNotFoundError):
        receiving.send(part(b"1", filename="one"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("content", [b"x", b"x" * 100_000])
def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    def full(descriptor: int, mode: str) -> BinaryIO:
        os.close(descriptor)
        assert mode == "wb"
        return Path("/dev/full").open("wb")

    receiving = handler(tmp_path)
    next(receiving)
    receiving.send(GOOD)
    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space left"):
        receiving.send(upload(part(content, filename="two")))
    gc.collect()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "lines", "value"),
    [
        (b"", [], ""),
        ("Joe owes €100".encode(), [], "Joe owes €100"),
        ("\ufeffé\r\n\x00".encode(), [], "\ufeffé\r\n\x00"),
        (b"\xe9", [b"Content-Type: text/plain;charset=iso-8859-1"], "é"),
        (b"\x80", [b'Content-Type: text/plain; charset="Windows-1252"'], "€"),
        (b"\x82\xa0", [b"Content-Type: text/html; charset=shift_jis"], "あ"),
        ("é".encode(), [b"Content-Type: application/json"], "é"),
        ("é".encode(), [b"Content-Type: no type"], "é"),
        ("é".encode(), [b"Content-Type:"], "é"),
        ("é".encode(), [b"Content-Type: text/plain; charset="], "é"),
    ],
)  # fmt: skip
def test_a_field_is_text_in_its_charset(tmp_path: Path, content: bytes, lines: list[bytes], value: str) -> None:
    assert fields_of(tmp_path, part(content, "a", *lines)) == [("a", value)]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"\xe9", []),
        (b"\xed\xa0\x80", []),
        (b"\xe9", [b"Content-Type: text/plain; charset=us-ascii"]),
        (b"\xe9", [b"Content-Type: application/octet-stream"]),
        (b"a-", [b"Content-Type: text/plain; charset=punycode"]),
        (b"a", [b"Content-Type: text/plain; charset=rot13"]),
        (b"a\x00", [b"Content-Type: text/plain; charset=utf-16"]),
        (b"\\u00e9", [b"Content-Type: text/plain; charset=unicode_escape"]),
        (b"a", [b"Content-Type: text/plain; charset=\"utf-8\\\"\""]),
        (b"a", [b"Content-Type: text/plain; charset=\"\xe9\""]),
    ],
)  # fmt: skip
def test_octets_that_are_no_text_are_refused(tmp_path: Path, content: bytes, lines: list[bytes]) -> None:
    receiving = handler(tmp_path)
    next(receiving)
    receiving.send(upload(part(content, "a", *lines)))
    with pytest.raises(FormError) as caught:
        receiving.send(None)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("label", "content", "lines", "value"),
    [
        (b"iso-8859-1", b"\xe9", [], "é"),
        (b" ISO-8859-1 ", b"\xe9", [], "é"),
        (b"iso-8859-1", b"\xe9", [b"Content-Type: TEXT/plain; format=flowed"], "é"),
        (b"iso-8859-1", "é".encode(), [b"Content-Type: text/plain; charset=UTF-8"], "é"),
        (b"iso-8859-1", "é".encode(), [b"Content-Type: application/json"], "é"),
        (b"UTF-8", "é".encode(), [], "é"),
        (b"", "é".encode(), [], "é"),
    ],
)  # fmt: skip
def test_the_form_names_the_charset_of_what_names_none(
    tmp_path: Path, label: bytes, content: bytes, lines: list[bytes], value: str
) -> None:
    named, text = part(label, "_charset_"), part(content, "a", *lines)
    expected = [("_charset_", label.decode()), ("a", value)]
    assert fields_of(tmp_path, named, text) == expected
    assert fields_of(tmp_path, text, named) == expected[::-1]


def test_of_several_charsets_of_a_form_the_first_counts(tmp_path: Path) -> None:
    labels = [part(label, "_charset_") for label in (b"iso-8859-1", b"utf-8", b"nobody's")]
    assert fields_of(tmp_path, *labels, part(b"\xe9"))[-1] == ("a", "é")


@pytest.mark.parametrize("label", sorted(forms.CHARSETS))
def test_every_charset_is_one_that_keeps_ascii(label: bytes) -> None:
    """Names and delimiters are ASCII: a charset in which these octets were others could not stand in a form."""
    ascii_text = bytes(range(0x20, 0x7F))
    assert ascii_text.decode(forms.known_charset(label.upper())).isprintable()
    assert bytes(range(0x30, 0x5B)).decode(forms.known_charset(label)) == bytes(range(0x30, 0x5B)).decode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("x.txt", "x.txt"), ("résumé ✓.pdf", "résumé ✓.pdf"), ("a b", "a b"), ("", "unnamed"),
        (".", "unnamed"), ("..", "unnamed"), ("...", "unnamed"), (" . . ", "unnamed"), ("/", "unnamed"), ("x/", "unnamed"),
        ("../../x", "x"), ("..\\..\\x", "x"), ("/etc/passwd", "passwd"), ("C:\\x\\y.txt", "y.txt"), ("a/b\\c", "c"),
        ("a\\b/c", "c"), (".htaccess", "htaccess"), ("../.ssh", "ssh"), ("x.", "x"), (" x ", "x"), ("x.tar.gz", "x.tar.gz"),
        ("a\x00b\r\nc\x7f", "abc"), ("\x00..\x00/\x00x", "x"), (".\x00.", "unnamed"), ("\u202etxt.exe", "txt.exe"),
        ("a\u2028b\ud800c", "abc"), ("\ufeffx\u200b", "x"),
        ("y" * 200, "y" * 200), ("y" * 201, "y" * 200), ("y" * 300 + ".txt", "y" * 196 + ".txt"),
        ("é" * 150, "é" * 100), ("é" * 150 + ".x", "é" * 99 + ".x"), ("y" * 300 + "." + "s" * 16, "y" * 183 + "." + "s" * 16),
        ("y" * 300 + "." + "s" * 17, "y" * 200), ("x." + "s" * 300, "x." + "s" * 198), ("y" * 199 + "." * 9 + "z" * 20, "y" * 199),
    ],
)  # fmt: skip
def test_a_file_name_is_made_safe(name: str, safe: str) -> None:
    assert forms.safe_filename(name) == safe


@FIXED
@given(st.text() | st.text(st.sampled_from("./\\ \x00é✓xy"), max_size=300))
def test_any_file_name_is_safe_and_stays_so(name: str) -> None:
    safe = forms.safe_filename(name)
    assert safe
    assert 1 <= len(safe.encode()) <= forms.FILENAME_BYTES_MAX
    assert not {*safe} & {"/", "\\", "\x00", "\r", "\n"}
    assert safe[0] not in ". "
    assert safe[-1] not in ". "
    assert safe.isprintable()
    assert forms.safe_filename(safe) == safe


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        (b"&a=1&&b&=c&=&", [("a", "1"), ("b", ""), ("", "c"), ("", "")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a+b=c+d%2B%20", [("a b", "c d+ ")]),
        (b"%61%3D%26=%C3%A9", [("a=&", "é")]),
        (b"a=\xc3\xa9&b=\xc3%A9", [("a", "é"), ("b", "é")]),
        (b"Utf%F6r=\xff", [("Utf\ufffdr", "\ufffd")]),
        (b"a=%zz%&b=%4&c=%C3", [("a", "%zz%"), ("b", "%4"), ("c", "\ufffd")]),
        (b"a=1;b=2", [("a", "1;b=2")]),
        (b"a=%00%0D%0A", [("a", "\x00\r\n")]),
        (b"1&2&3&4&5&6&7&8&9", [(str(number), "") for number in range(1, 10)]),
    ],
)
def test_pairs_are_decoded(content: bytes, pairs: list[tuple[str, str]]) -> None:
    assert forms.parse_urlencoded(content, LIMITS) == pairs


@pytest.mark.parametrize("content", [b"&" * 9, b"a=1&" * 9, b"1&2&3&4&5&6&7&8&9&10", b"&" * 1_000_000])
def test_more_pairs_than_parts_are_413(content: bytes) -> None:
    with pytest.raises(FormTooLargeError):
        forms.parse_urlencoded(content, LIMITS)


@FIXED
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
    )
)
def test_pairs_that_were_encoded_are_decoded(pairs: list[tuple[str, str]]) -> None:
    limits = Limits(multipart_parts_max=1000)
    assert forms.parse_urlencoded(urlencode(pairs, quote_via=quote_plus).encode(), limits) == pairs


def test_large_forms_take_linear_time(tmp_path: Path) -> None:
    limits = Limits(multipart_field_bytes_max=1 << 24)
    started = time.process_time()
    assert len(forms.parse_urlencoded(b"a=" + b"%41" * 1_000_000, limits)[0][1]) == 1_000_000
    body = upload(part(b"x" * 300_000))
    (field,) = received(tmp_path, [body[at : at + 3] for at in range(0, len(body), 3)], limits=limits).fields
    assert field.value == "x" * 300_000
    assert forms.safe_filename("." * 1_000_000 + "a/" * 100_000 + "\x00" * 1_000_000) == "unnamed"
    assert time.process_time() - started < 10
