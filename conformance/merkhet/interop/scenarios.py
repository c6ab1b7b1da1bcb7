"""The conversations: what a client is asked, what has to come of it, and canned servers on which it must not.

A judge is shown what the client got and says what is wrong with it, nothing if nothing is. `good` are the octets of a right
server, one answer a request; `wrong` those of servers with one fault each, from which each client must come to a complaint.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

from merkhet.fixtures import FIXTURES
from merkhet.interop.conversation import Call, Got
from merkhet.suites.words import chunked_response, echo, response

LARGE = FIXTURES["large.bin"]
TEXT = FIXTURES["text.txt"]
HALF = 500_000
UPLOAD = LARGE[: 512 * 1024]
OCTETS = b"Content-Type: application/octet-stream"


class NotOfferedError(Exception):
    """The target does not have what the conversation is about, as it may."""


Judge = Callable[[Sequence[Got]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One conversation."""

    slug: str
    title: str
    calls: tuple[Call, ...]
    judge: Judge
    good: tuple[bytes, ...]
    wrong: Mapping[str, tuple[bytes, ...]]


def judged(scenario: Scenario, got: Sequence[Got]) -> str:
    """Return what is wrong with what a client got, "" if nothing is. Raises NotOfferedError."""
    for number, one in enumerate(got, 1):
        if one.error and scenario.judge is not _cut:
            return f"answer {number}: {one.error}"
    return scenario.judge(got)


def _is(content: bytes, status: int = 200) -> Judge:
    def judge(got: Sequence[Got]) -> str:
        last = got[-1]
        if last.status != status:
            return f"status {last.status}, expected {status}"
        return "" if last.content == content else f"{len(last.content)} octets that are not the {len(content)} expected"

    return judge


def _alike(got: Sequence[Got]) -> str:
    first, last = got[0], got[-1]
    same = (first.status, first.content) == (last.status, last.content)
    return "" if same and 200 <= first.status < 500 else f"status {first.status}, then {last.status}, or other contents"


def _head(got: Sequence[Got]) -> str:
    get, head = got[0], got[1]
    if head.content:
        return "an answer to HEAD with content"
    return _alike((get, got[2])) or ("" if head.status == get.status else f"status {head.status}, to GET {get.status}")


def _redirected(got: Sequence[Got]) -> str:
    if got[1].path == got[2].path:
        return "the redirect was not followed"
    return _alike(got[:2])


def _echoed(content: bytes) -> Judge:
    def judge(got: Sequence[Got]) -> str:
        last = got[-1]
        if last.status in {411, 413}:
            raise NotOfferedError(f"contents like this (status {last.status})")
        if last.status != 200:
            return f"status {last.status}, expected 200"
        try:
            body = json.loads(last.content)["body"]
            return "" if base64.b64decode(body) == content else "the server says that it received another content"
        except (ValueError, KeyError, TypeError) as problem:
            return f"no echo of the contract: {problem!r}"

    return judge


def _ranged(got: Sequence[Got]) -> str:
    if [one.status for one in got] == [200, 200]:
        raise NotOfferedError("ranges")
    if [one.status for one in got] != [206, 206]:
        return f"status {got[0].status} and {got[1].status}, expected 206 twice"
    return "" if got[0].content + got[1].content == LARGE else "the two halves are not the file"


def _unranged(got: Sequence[Got]) -> str:
    whole = got[-1].status == 200 and got[-1].content == LARGE
    return "" if whole else f"status {got[-1].status}, or not the whole file for an If-Range that is false"


def _form(got: Sequence[Got]) -> str:
    last = got[-1]
    if last.status != 200:
        return f"status {last.status}, expected 200"
    try:
        files = cast("list[list[str]]", json.loads(last.content)["files"])
        told = [(name, file, base64.b64decode(data)) for name, file, _, data in files]
    except (ValueError, KeyError, TypeError) as problem:
        return f"no form of the contract: {problem!r}"
    return "" if told == [("f", "octets.bin", UPLOAD)] else "the server says that it received another file"


def _name_of(disposition: str) -> str | None:
    """Return the name under which a browser would save a file: that of `filename*` before that of `filename`."""
    extended = re.search(r"(?i);\s*filename\*\s*=\s*utf-8'[^']*'([^\s;]+)", disposition)
    if extended is not None:
        return unquote(extended[1])
    plain = re.search(r'(?i);\s*filename\s*=\s*(?:"([^"]*)"|([^\s;"]+))', disposition)
    return None if plain is None else plain[1] or plain[2]


def _named(got: Sequence[Got]) -> str:
    last = got[-1]
    name = _name_of(last.value("Content-Disposition") or "")
    if (last.status, last.content) != (200, b"download\n"):
        return f"status {last.status}, or another content"
    return "" if name == "caf\xe9.txt" else f"the file would be saved as {name!r}"


def _events(got: Sequence[Got]) -> str:
    lines = got[-1].content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"data: ", b"data:").split(b"\n")
    data = [line for line in lines if line.startswith(b"data:")]
    expected = [b"data:event %d" % number for number in (1, 2, 3)]
    return "" if got[-1].status == 200 and data == expected else f"status {got[-1].status}, data {data[:4]!r}"


def _cut(got: Sequence[Got]) -> str:
    if got[-1].status >= 400:
        return ""
    return "" if got[-1].error else f"taken for whole: status {got[-1].status}, {len(got[-1].content)} octets"


def _pieces(count: int) -> bytes:
    return b"".join(b"piece %d\n" % number for number in range(count))


def _streamed(count: int) -> bytes:
    return chunked_response(*(b"piece %d\n" % number for number in range(count)), fields=(b"Content-Type: text/plain",))


def _sized(content: bytes, *fields: bytes, code: int = 200) -> bytes:
    return response(code, content, *fields)


_ROOT = _sized(b"root\n", b"Content-Type: text/plain")
_MOVED = response(302, b"", b"Location: /")
_FAILED = response(500, b"failed")
_GZIP = gzip.compress(TEXT, mtime=0)
_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
_NAME = "attachment; filename*=UTF-8''caf%C3%A9.txt"
_FORM = {"fields": [], "files": [["f", "octets.bin", None, base64.b64encode(UPLOAD).decode()]]}
_EVENTS = b"".join(b"id: %d\ndata: event %d\n\n" % (number, number) for number in (1, 2, 3))
_STREAM = b"Content-Type: text/event-stream"
_TRAILED = _streamed(3).removesuffix(b"0\r\n\r\n") + b"0\r\nMerkhet-Pieces: 3\r\n\r\n"


def _post(content: bytes, *, chunked: bool = False, expects: bool = False) -> Call:
    return Call(method="POST", path="{echo}", content=content, chunked=chunked, expects=expects)


def _upload(slug: str, title: str, call: Call) -> Scenario:
    content = call.content or b""
    before = b"HTTP/1.1 100 Continue\r\n\r\n" if call.expects else b""
    return Scenario(
        slug=slug,
        title=title,
        calls=(call,),
        judge=_echoed(content),
        good=(before + echo(content),),
        wrong={
            "loses the end": (before + echo(content[:-1]),),
            "fails": (before + _FAILED,),
            "says another thing": (before + _ROOT,),
        },
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        slug="get", title="A GET is answered twice alike, on a connection that is kept if the server keeps it",
        calls=(Call(path="{root}"), Call(path="{root}")), judge=_alike, good=(_ROOT, _ROOT),
        wrong={"answers otherwise": (_ROOT, _sized(b"other")), "sends too few octets": (_ROOT, _SHORT % 9 + b"root")},
    ),
    Scenario(
        slug="head", title="HEAD has the status of GET and no content, and the next request is answered",
        calls=(Call(path="{root}"), Call(path="{root}", method="HEAD"), Call(path="{root}")), judge=_head,
        good=(_ROOT, _ROOT.removesuffix(b"root\n"), _ROOT),
        wrong={"answers with another status": (_ROOT, response(404, b""), _ROOT), "then fails": (_ROOT, _ROOT[:-5], _FAILED)},
    ),
    _upload("post", "A POST with a length arrives whole", _post(b"merkhet")),
    _upload("post-chunked", "A POST in chunks arrives whole", _post(UPLOAD[:200_000], chunked=True)),
    _upload("post-large", "A POST of half a mebibyte arrives whole", _post(UPLOAD)),
    _upload("post-expect", "A POST that waits for a 100 arrives whole", _post(b"merkhet", expects=True)),
    Scenario(
        slug="redirect", title="A redirect leads to the root",
        calls=(Call(path="{root}"), Call(path="{redirect}", follows=True), Call(path="{redirect}")), judge=_redirected,
        good=(_ROOT, _MOVED, _ROOT, _MOVED),
        wrong={
            "leads nowhere": (_ROOT, response(302, b""), _MOVED, _MOVED),
            "leads elsewhere": (_ROOT, _MOVED, response(404, b""), _MOVED),
        },
    ),
    Scenario(
        slug="gzip", title="A content in gzip is read as what it was before",
        calls=(Call(path="{gzip}", fields={"Accept-Encoding": "gzip"}),), judge=_is(TEXT),
        good=(_sized(_GZIP, b"Content-Encoding: gzip"),),
        wrong={
            "does not say so": (_sized(_GZIP),),
            "says so of what is none": (_sized(TEXT, b"Content-Encoding: gzip"),),
            "compresses another text": (_sized(gzip.compress(TEXT[1:]), b"Content-Encoding: gzip"),),
        },
    ),
    Scenario(
        slug="large", title="A file of one mebibyte arrives whole", calls=(Call(path="{files:large.bin}"),),
        judge=_is(LARGE), good=(_sized(LARGE, OCTETS),),
        wrong={"stops too soon": (_SHORT % len(LARGE) + LARGE[:-10],), "changes an octet": (_sized(b"?" + LARGE[1:]),)},
    ),
    Scenario(
        slug="resume", title="A download is broken off and resumed by a range",
        calls=(
            Call(path="{files:large.bin}", fields={"Range": f"bytes=0-{HALF - 1}"}),
            Call(path="{files:large.bin}", fields={"Range": f"bytes={HALF}-"}),
        ),
        judge=_ranged,
        good=(
            _sized(LARGE[:HALF], b"Content-Range: bytes 0-%d/%d" % (HALF - 1, len(LARGE)), code=206),
            _sized(LARGE[HALF:], b"Content-Range: bytes %d-%d/%d" % (HALF, len(LARGE) - 1, len(LARGE)), code=206),
        ),
        wrong={
            "is off by one": (
                _sized(LARGE[:HALF], b"Content-Range: bytes 0-%d/%d" % (HALF - 1, len(LARGE)), code=206),
                _sized(LARGE[HALF + 1 :], b"Content-Range: bytes %d-%d/%d" % (HALF, len(LARGE) - 1, len(LARGE)), code=206),
            ),
            "refuses": (response(416, b""), response(416, b"")),
        },
    ),
    Scenario(
        slug="resume-changed", title="A download whose file is another one by now begins again",
        calls=(Call(path="{files:large.bin}", fields={"Range": f"bytes={HALF}-", "If-Range": '"merkhet-another"'}),),
        judge=_unranged, good=(_sized(LARGE, OCTETS),),
        wrong={"sends the range": (_sized(LARGE[HALF:], b"Content-Range: bytes 500000-1048575/1048576", code=206),)},
    ),
    Scenario(
        slug="form", title="A file in a form that the client writes arrives whole",
        calls=(Call(path="{form}", method="POST", form={"f": ("octets.bin", UPLOAD)}),), judge=_form,
        good=(_sized(json.dumps(_FORM).encode(), b"Content-Type: application/json"),),
        wrong={"loses the file": (_sized(b'{"fields": [], "files": []}'),), "says another thing": (_ROOT,), "fails": (_FAILED,)},
    ),
    Scenario(
        slug="download", title="A download has its name, letters beyond ASCII included",
        calls=(Call(path="{download:caf%C3%A9.txt}"),), judge=_named,
        good=(_sized(b"download\n", b"Content-Disposition: " + _NAME.encode()),),
        wrong={
            "has no name": (_sized(b"download\n"),),
            "has another name": (_sized(b"download\n", b'Content-Disposition: attachment; filename="cafe.txt"'),),
            "has other octets": (_sized(b"d", b"Content-Disposition: " + _NAME.encode()),),
        },
    ),
    Scenario(
        slug="events", title="An event stream is read to its end", calls=(Call(path="{sse:3,10}"),), judge=_events,
        good=(chunked_response(_EVENTS, fields=(_STREAM,)),),
        wrong={
            "loses an event": (chunked_response(_EVENTS[24:], fields=(_STREAM,)),),
            "cuts it": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nff\r\n" + _EVENTS,),
        },
    ),
    Scenario(
        slug="stream", title="A stream of a thousand chunks is read to its end", calls=(Call(path="{stream:1000}"),),
        judge=_is(_pieces(1000)), good=(_streamed(1000),),
        wrong={"loses a chunk": (_streamed(999),), "breaks a chunk": (_streamed(1000).replace(b"piece 7\n", b"piece\n", 1),)},
    ),
    Scenario(
        slug="cut", title="A stream that breaks off is no whole answer", calls=(Call(path="{pieces:3,0,abort}"),), judge=_cut,
        good=(_streamed(3).removesuffix(b"0\r\n\r\n").replace(b"Transfer-", b"Connection: close\r\nTransfer-"),),
        wrong={"ends as if it were whole": (_streamed(3),)},
    ),
    Scenario(
        slug="trailers", title="A stream that ends in a trailer field is read to its end",
        calls=(Call(path="{pieces:3,0,trailer}", fields={"TE": "trailers"}), Call(path="{root}")),
        judge=lambda got: _is(_pieces(3))(got[:1]), good=(_TRAILED, _ROOT),
        wrong={"loses a piece": (_streamed(2), _ROOT), "fails": (_FAILED, _ROOT)},
    ),
    Scenario(
        slug="early-hints", title="An answer behind a 103 is the one that counts", calls=(Call(path="{status:103}"),),
        judge=lambda got: "" if got[-1].status in {200, 404} else f"status {got[-1].status}, expected 200",
        good=(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + _ROOT,),
        wrong={"sends the 103 alone": (b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n",), "fails": (_FAILED,)},
    ),
    Scenario(
        slug="no-content", title="A 204 has no content, and the next request is answered",
        calls=(Call(path="{status:204}"), Call(path="{status:200}")),
        judge=lambda got: "" if [one.status for one in got] == [204, 200] else f"status {got[0].status}, then {got[1].status}",
        good=(b"HTTP/1.1 204 No Content\r\n\r\n", _ROOT),
        wrong={"says 200": (_ROOT, _ROOT), "then fails": (b"HTTP/1.1 204 N\r\n\r\n", _FAILED)},
    ),
)  # fmt: skip
