"""Each judge against octets that were written by hand, with the verdict that stands in the text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import merkhet_fuzz
from merkhet.model import Weight
from merkhet_fuzz import findings
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.judges import frames, strict, values
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, accept, combine, either, refuse

A, R, E, F = Decision.ACCEPT, Decision.REFUSE, Decision.EITHER, Decision.FREE
PLACE = re.compile(r'"((?:rfc|whatwg)[0-9a-z]*-[0-9A-Za-z.]+-[0-9a-z]+)"')


def wire(line: str) -> Wire:
    return render(Input.parse(line))


def test_every_requirement_that_is_named_is_in_the_catalogue() -> None:
    root = Path(merkhet_fuzz.__file__).parent
    named = {place for path in root.rglob("*.py") for place in PLACE.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert named <= findings.requirements().keys(), named - findings.requirements().keys()


# On the words of a requirement, so that one that is renumbered is seen: what each judge's verdict rests on.
CLAUSES = {
    "rfc9112-2.2-2": "lone LF", "rfc9112-2.2-4": "bare CR", "rfc9112-2.2-7": "empty CRLF line", "rfc9112-2.2-10": "grammar",
    "rfc9112-2.3-a2": "version", "rfc9112-3.2-1": "invalid request-line",
    "rfc9112-3.2-6a": "without Host", "rfc9112-3.2-6b": "more than one Host", "rfc9112-3.2-6c": "invalid value",
    "rfc9112-3.2-a1": "Fragment", "rfc9112-3.2.1-a1": "Origin-form", "rfc9112-5-a2": "names", "rfc9112-5.1-1": "colon",
    "rfc9112-6.1-2": "twice", "rfc9112-6.3-3": "not chunked", "rfc9112-6.3-5": "Content-Length", "rfc9112-6.3-8": "shorter",
    "rfc9112-6.3-a2": "Transfer-Encoding wins", "rfc9112-7.1-3": "overflow", "rfc9112-7.1-4": "Parameters",
    "rfc9112-7.1-a1": "leading zeros", "rfc9112-7.1-a2": "sign", "rfc9112-7.1-a3": "CRLF must follow",
    "rfc9112-7.1.1-1": "extensions must be ignored", "rfc9112-7.1.1-a1": "BWS", "rfc9112-7.1.1-a3": "Control",
    "rfc9112-8-a1": "incomplete", "rfc9110-5.1-2": "Unrecognized", "rfc9110-5.1-a1": "case-insensitive",
    "rfc9110-5.5-1": "whitespace", "rfc9110-5.5-3": "obs-text", "rfc9110-5.5-4": "NUL", "rfc9110-5.5-5": "CTLs",
    "rfc9110-5.6.1.2-1": "empty list elements", "rfc9110-5.6.7-1": "three", "rfc9110-8.6-8": "overflow", "rfc9110-8.6-11": "42, 42",
    "rfc9110-14.1-a1": "case-insensitive", "rfc9110-14.1.1-a1": "invalid", "rfc9110-14.2-3": "Unknown range units",
    "rfc2046-5.1.1-2": "padding", "rfc2046-5.1.1-a2": "Preamble", "rfc2046-5.1.1-a5": "close delimiter",
    "rfc7578-4.1-1": "delimiter", "rfc6455-5.1-2": "mask", "rfc6455-5.2-3": "reserved bit", "rfc6455-5.2-4": "opcode",
    "rfc6455-5.2-5": "64 bits", "rfc6455-5.2-6b": "longer form", "rfc6455-5.4-2": "fragmented", "rfc6455-5.4-4": "mixed",
    "rfc6455-5.4-a1": "continuation", "rfc6455-5.5-1": "125", "rfc6455-8.1-1": "UTF-8", "rfc6455-4.2.1-a1": "GET",
    "rfc6455-4.2.1-a3": "Host", "rfc6455-4.2.1-a4": "Upgrade", "rfc6455-4.2.1-a5": "Connection",
    "rfc6455-4.2.1-a6": "key", "rfc6455-4.2.1-a7": "version 13", "rfc3986-2.1-a1": "hex digits",
}  # fmt: skip


@pytest.mark.parametrize("place", CLAUSES)
def test_a_requirement_says_what_it_is_named_for(place: str) -> None:
    assert CLAUSES[place] in findings.requirements()[place].text


HEADS = {
    # RFC 9112, Section 3: request-line
    "request-line.method:lower": (F, ""),
    "request-line.method:inner-colon": (R, "rfc9112-2.2-10"),
    "request-line.method:inner-nul": (R, "rfc9112-2.2-10"),
    "request-line.space1:two": (E, "rfc9112-3.2-1"),
    "request-line.space2:tab": (E, "rfc9112-3.2-1"),
    "request-line.space2:nbsp": (F, ""),
    "request-line.target:fragment": (R, "rfc9112-3.2-a1"),
    "request-line.target:percent-bad": (R, "rfc3986-2.1-a1"),
    "request-line.target:relative": (R, "rfc9112-3.2.1-a1"),
    "request-line.target:nul": (R, "rfc9112-3.2-1"),
    "request-line.target:absolute": (F, ""),
    "request-line.version:lower": (R, "rfc9112-2.3-a2"),
    "request-line.version:two-digits": (R, "rfc9112-2.3-a2"),
    "request-line.version:arabic": (R, "rfc9112-2.3-a2"),
    "request-line.version:version12": (F, ""),
    "request-line.end:lf": (E, "rfc9112-2.2-2"),
    "request-line:empty-line-before": (A, "rfc9112-2.2-7"),
    # Section 3.2: Host
    "host:drop": (R, "rfc9112-3.2-6a"),
    "host:twice": (R, "rfc9112-3.2-6b"),
    "host:then-host": (R, "rfc9112-3.2-6b"),
    "host.value:put=0,6120": (R, "rfc9112-3.2-6c"),
    "host.value:inner-slash": (R, "rfc9112-3.2-6c"),
    "host.value:inner-at": (R, "rfc9112-3.2-6c"),
    "host.value:x-behind": (E, "rfc9112-3.2-6c"),
    "host.value:empty": (E, "rfc9112-3.2-6c"),
    "host.behind:tab": (A, "rfc9110-5.5-1"),
    "host.before:none": (A, "rfc9110-5.5-1"),
    "host.name:upper": (A, "rfc9110-5.1-a1"),
    # Section 5: field lines
    "host.colon:space-before": (R, "rfc9112-5.1-1"),
    "host.colon:nbsp-before": (R, "rfc9112-5-a2"),
    "host.colon:none": (R, "rfc9112-2.2-10"),
    "host.end:lf": (E, "rfc9112-2.2-2"),
    "host.value:inner-cr": (R, "rfc9112-2.2-4"),
    "host.value:inner-nul": (R, "rfc9110-5.5-4"),
    "host:then-empty-name": (R, "rfc9112-5-a2"),
    "host:then-no-colon": (R, "rfc9112-2.2-10"),
    "host:then-folded": (F, ""),
    "host:then-plain": (A, "rfc9110-5.1-2"),
    "host:then-underscore": (E, "rfc9110-5.1-2"),
    "host:then-te-unknown": (R, "rfc9112-6.3-3"),
    "host:then-length-plus": (R, "rfc9112-6.3-5"),
    "host:then-length-zero": (A, ""),
    "head-end.end:lf": (E, "rfc9112-2.2-2"),
}
LENGTHS = {
    "content-length.value:plus": (R, "rfc9112-6.3-5"),
    "content-length.value:underscore": (R, "rfc9112-6.3-5"),
    "content-length.value:hex-prefix": (R, "rfc9112-6.3-5"),
    "content-length.value:arabic": (R, "rfc9112-6.3-5"),
    "content-length.value:empty": (R, "rfc9112-6.3-5"),
    "content-length.value:minus": (R, "rfc9112-6.3-5"),
    "content-length.value:leading-zero": (A, ""),
    "content-length.value:leading-zeros": (E, "rfc9112-6.3-4"),
    "content-length.value:twice": (E, "rfc9110-8.6-11"),
    "content-length.value:comma-behind": (E, "rfc9110-8.6-11"),
    "content-length.value:wrap64": (R, "rfc9110-8.6-8"),
    "content-length.value:one-less": (F, ""),
    "content-length:twice": (E, "rfc9110-8.6-11"),
    "content-length:then-length-other": (R, "rfc9112-6.3-5"),
    "content-length:drop": (F, ""),
    "end@50": (R, "rfc9112-6.3-8"),
    "end@8": (R, "rfc9112-2.2-10"),
}
CODINGS = {
    "transfer-encoding.value:upper": (A, ""),
    "transfer-encoding.value:x-before": (R, "rfc9112-6.3-3"),
    "transfer-encoding.value:identity-behind": (R, "rfc9112-6.3-3"),
    "transfer-encoding.value:identity-before": (F, ""),
    "transfer-encoding.value:vt-before": (R, "rfc9112-6.3-3"),
    "transfer-encoding.value:kelvin": (R, "rfc9112-6.3-3"),
    "transfer-encoding.value:parameter": (R, "rfc9112-7.1-4"),
    "transfer-encoding.value:twice": (E, "rfc9112-6.1-2"),
    "transfer-encoding.value:comma-before": (E, "rfc9110-5.6.1.2-1"),
    "transfer-encoding:twice": (E, "rfc9112-6.1-2"),
    "transfer-encoding:then-te-identity": (R, "rfc9112-6.3-3"),
    "host:then-te-identity": (F, ""),
    "host:then-length-zero": (E, "rfc9112-6.3-a2"),
    "chunk1.size:plus": (R, "rfc9112-7.1-a2"),
    "chunk1.size:hex-prefix": (R, "rfc9112-7.1-a2"),
    "chunk1.size:underscore": (R, "rfc9112-7.1-a2"),
    "chunk1.size:empty": (R, "rfc9112-7.1-a2"),
    "chunk1.size:space-behind": (R, "rfc9112-7.1.1-a3"),
    "chunk1.size:leading-zero": (A, "rfc9112-7.1-a1"),
    "chunk1.size:leading-zeros": (E, "rfc9112-7.1-a1"),
    "chunk1.size:extension": (A, "rfc9112-7.1.1-1"),
    "chunk1.size:wrap64": (R, "rfc9112-7.1-3"),
    "chunk1.size:one-more": (R, "rfc9112-7.1-a3"),
    "chunk1.size:zero": (F, ""),
    "chunk1.end:lf": (R, "rfc9112-7.1.1-a3"),
    "data-end1.end:any-any": (R, "rfc9112-7.1-a3"),
    "data-end1.end:lf": (R, "rfc9112-7.1-a3"),
    "data-end1.end:none": (R, "rfc9112-7.1-a3"),
    "data1.octets:twice": (A, "rfc9112-7.1-a1"),
    "last:then-plain": (F, ""),
    "end@70": (R, "rfc9112-8-a1"),
}


@pytest.mark.parametrize(("edit", "wanted"), HEADS.items())
def test_heads(edit: str, wanted: tuple[Decision, str]) -> None:
    verdict = wire(f"http-request.get#0 {edit}").verdict
    assert (verdict.decision, verdict.requirement) == wanted


@pytest.mark.parametrize(("edit", "wanted"), LENGTHS.items())
def test_lengths(edit: str, wanted: tuple[Decision, str]) -> None:
    verdict = wire(f"http-request.post#0 {edit}").verdict
    assert (verdict.decision, verdict.requirement) == wanted


@pytest.mark.parametrize(("edit", "wanted"), CODINGS.items())
def test_codings_and_chunks(edit: str, wanted: tuple[Decision, str]) -> None:
    verdict = wire(f"http-request.chunked#0 {edit}").verdict
    assert (verdict.decision, verdict.requirement) == wanted


@pytest.mark.parametrize(
    "edits",
    [
        "last.size:lf-before data-end2.end:take=1,1",
        "data1.octets:crlf-behind chunk1.size:stale data-end1.end:none chunk1.size:stale",
    ],
)
def test_two_edits_that_make_it_legal_again_are_not_called_wrong(edits: str) -> None:
    made = wire(f"chunked.body#0 {edits}")
    assert strict.messages(Kind.CHUNKED, made.octets) == 1
    assert made.verdict.decision is not R


@pytest.mark.parametrize(
    ("octets", "decision", "requirement", "events"),
    [
        (b"\x81\x80\0\0\0\0", A, "", [("text", b"")]),
        (b"\x81\x82\x01\x01\x01\x01ih", A, "", [("text", b"hi")]),
        (b"\x01\x81\0\0\0\0a\x89\x80\0\0\0\0\x80\x81\0\0\0\0b", A, "", [("ping", b""), ("text", b"ab")]),
        (b"\x81\x02hi", R, "rfc6455-5.1-2", []),
        (b"\xc1\x80\0\0\0\0", R, "rfc6455-5.2-3", []),
        (b"\x83\x80\0\0\0\0", R, "rfc6455-5.2-4", []),
        (b"\x09\x80\0\0\0\0", R, "rfc6455-5.4-2", []),
        (b"\x80\x80\0\0\0\0", R, "rfc6455-5.4-a1", []),
        (b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", R, "rfc6455-5.4-4", []),
        (b"\x89\xfe\0\x7e\0\0\0\0" + b"x" * 126, R, "rfc6455-5.5-1", []),
        (b"\x82\xff" + b"\xff" * 8 + b"\0\0\0\0", R, "rfc6455-5.2-5", []),
        (b"\x82\xfe\0\x01\0\0\0\0a", E, "rfc6455-5.2-6b", [("binary", b"a")]),
        (b"\x81\x82\0\0\0\0\xc3\x28", R, "rfc6455-8.1-1", []),
        (b"\x88\x80\0\0\0\0\x81\x80\0\0\0\0", A, "", []),
        (b"\x88\x81\0\0\0\0a", F, "", []),
        (b"\x81", A, "", []),
    ],
)
def test_frames(octets: bytes, decision: Decision, requirement: str, events: list[tuple[str, bytes]]) -> None:
    verdict, seen = frames.read(octets)
    assert (verdict.decision, verdict.requirement, list(seen)) == (decision, requirement, events)


def test_what_is_read_behind_a_close_is_a_warning() -> None:
    verdict, _ = frames.read(b"\x88\x80\0\0\0\0\x81\x80\0\0\0\0")
    assert verdict.weight is Weight.WARNING


@pytest.mark.parametrize(
    ("value", "decision", "requirement", "specs"),
    [
        (b"bytes=0-9", A, "", ((0, 9),)),
        (b"bytes=5-", A, "", ((5, None),)),
        (b"bytes=-5", A, "", ((None, 5),)),
        (b"BYTES=0-9", A, "rfc9110-14.1-a1", ((0, 9),)),
        (b"bytes=0-1, 5-6", A, "", ((0, 1), (5, 6))),
        (b"bytes=5-6,0-1", E, "", ((5, 6), (0, 1))),
        (b"bytes=,0-1", E, "", ((0, 1),)),
        (b"bytes=-0", E, "", ((None, 0),)),
        (b"items=0-9", R, "rfc9110-14.2-3", ()),
        (b"bytes=5-2", R, "rfc9110-14.1.1-a1", ()),
        (b"bytes=+1-5", R, "rfc9110-14.1.1-a1", ()),
        (b"bytes=1_0-20", R, "rfc9110-14.1.1-a1", ()),
        (b"bytes=--5", R, "rfc9110-14.1.1-a1", ()),
        (b"bytes=\xa01-5", R, "rfc9110-14.1.1-a1", ()),
        ("bytes=\u0661-\u0665".encode(), R, "rfc9110-14.1.1-a1", ()),
        (b"bytes", R, "rfc9110-14.1.1-a1", ()),
    ],
)
def test_ranges(value: bytes, decision: Decision, requirement: str, specs: tuple[object, ...]) -> None:
    verdict, meaning = values.range_(value)
    assert (verdict.decision, verdict.requirement) == (decision, requirement)
    assert meaning == ((specs,) if specs else ())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        (b"Sun Nov  6 08:49:37 1994", 784111777),
    ],
)
def test_the_dates_that_the_text_itself_gives(value: bytes, seconds: int) -> None:
    verdict, meaning = values.date(value)
    assert (verdict.decision, meaning) == (A, (seconds,))


@pytest.mark.parametrize(
    "value",
    [
        b"Mon, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-30 08:49:37 GMT",
        b"now",
        b"",
    ],
)
def test_a_date_that_is_none_is_free(value: bytes) -> None:
    assert values.date(value) == (FREE, ())


@pytest.mark.parametrize(
    ("edit", "decision", "requirement"),
    [
        ("request-line.method:lower", R, "rfc6455-4.2.1-a1"),
        ("host:drop", R, "rfc6455-4.2.1-a3"),
        ("upgrade:drop", R, "rfc6455-4.2.1-a4"),
        ("connection:drop", R, "rfc6455-4.2.1-a5"),
        ("connection.value:x-before", R, "rfc6455-4.2.1-a5"),
        ("sec-websocket-key:drop", R, "rfc6455-4.2.1-a6"),
        ("sec-websocket-version:drop", R, "rfc6455-4.2.1-a7"),
        ("sec-websocket-version.value:zero", R, "rfc6455-4.2.1-a7"),
        ("upgrade.value:upper", A, "rfc6455-4.2.1-a4"),
        ("connection.value:lower", A, "rfc6455-4.2.1-a5"),
    ],
)
def test_handshakes(edit: str, decision: Decision, requirement: str) -> None:
    verdict = wire(f"websocket-handshake.plain#0 {edit}").verdict
    assert (verdict.decision, verdict.requirement) == (decision, requirement)


def test_an_empty_host_is_no_matter_beside_an_absolute_target() -> None:
    assert wire("websocket-handshake.plain#0 host.value:empty").verdict.requirement == "rfc6455-4.2.1-a3"
    assert wire("websocket-handshake.absolute#0 host.value:empty").verdict.decision is F


@pytest.mark.parametrize(
    ("line", "decision", "requirement"),
    [
        ("multipart.one#0 delimiter1.padding:tab", A, "rfc2046-5.1.1-2"),
        ("multipart.one#0 part1.octets:boundary", A, "rfc7578-4.1-1"),
        ("multipart.one#0 part1.octets:boundary-line", F, ""),
        ("multipart.surrounded#0 preamble.octets:nul", A, "rfc2046-5.1.1-a2"),
        ("multipart.one#0 end@80", R, "rfc2046-5.1.1-a5"),
    ],
)
def test_forms(line: str, decision: Decision, requirement: str) -> None:
    verdict = wire(line).verdict
    assert (verdict.decision, verdict.requirement) == (decision, requirement)


def test_several_verdicts_come_to_one() -> None:
    sure = refuse("a", "")
    by_the_rest = refuse("b", "", is_local=False)
    assert combine([accept("x", ""), sure, FREE]) is sure
    assert combine([FREE, sure]) is FREE
    assert combine([by_the_rest, ACCEPT]) is by_the_rest
    assert combine([by_the_rest, either("y", "")]) is FREE
    assert combine([either("y", ""), by_the_rest]) is FREE
    assert combine([ACCEPT, accept("x", ""), either("y", "")]).requirement == "y"
    assert combine([]) is ACCEPT


@pytest.mark.parametrize(
    ("octets", "decision"),
    [
        (b"\x01\x83\0\0\0\0a\xff\xfe\x89\x80\0\0\0\0", Decision.FREE),  # it is none already, and the message goes on
        (b"\x81\x85\0\0\0\0a\xff", Decision.FREE),  # cut off, behind what makes it none
        (b"\x01\x82\0\0\0\0a\xe2\x89\x80\0\0\0\0", Decision.ACCEPT),  # a character may go on in the next frame
        (b"\x02\x82\0\0\0\0\xff\xfe\x89\x80\0\0\0\0", Decision.ACCEPT),
        (b"\x81\x85\0\0\0\0ab", Decision.ACCEPT),
    ],
)
def test_when_text_is_found_to_be_none_is_the_readers_choice(octets: bytes, decision: Decision) -> None:
    assert frames.read(octets)[0].decision is decision
