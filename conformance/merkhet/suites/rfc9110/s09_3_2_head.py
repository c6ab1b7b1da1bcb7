"""RFC 9110, Section 9.3.2: HEAD. What GET would say, without what it would send."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import all_of, answered, as_preflight, cut_short, ended, garbage, silent, status
from merkhet.expect_kept import same_field
from merkhet.expect_response import keeps_fields, same_status
from merkhet.suites.rfc9110.s09_shared import FAILS, NOWHERE, head_of, read, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import GET, OK, SINCE, response

_FILE = b"{files:merkhet.txt}"

# --- 9.3.2-1: no content

_CONTENT = "content came behind the head of an answer to HEAD"
EMPTY: tuple[tuple[str, str, bytes], ...] = (
    ("root", "the root", request(b"HEAD")),
    ("query", "the root with a query", request(b"HEAD", to=b"{root}?a=b")),
    ("unknown-path", "what does not exist", request(b"HEAD", to=NOWHERE)),
    ("file", "a file", request(b"HEAD", to=_FILE)),
    ("large-file", "a file of 1 MiB", request(b"HEAD", to=b"{files:large.bin}")),
    ("empty-file", "a file without content", request(b"HEAD", to=b"{files:empty.txt}")),
    ("unknown-file", "a file that is not there", request(b"HEAD", to=b"{files:merkhet-nothing.txt}")),
    ("range", "a file with a range", request(b"HEAD", b"Range: bytes=0-4", to=_FILE)),
    ("range-beyond", "a file with a range behind its end", request(b"HEAD", b"Range: bytes=99999-", to=_FILE)),
    ("param", "a parameter", request(b"HEAD", to=b"{param:merkhet}")),
    ("stream", "a stream", request(b"HEAD", to=b"{stream:3}")),
    ("redirect", "what redirects", request(b"HEAD", to=b"{redirect}")),
    ("echo", "the echo", request(b"HEAD", to=b"{echo}")),
    ("status-204", "a 204", request(b"HEAD", to=b"{status:204}")),
    ("status-404", "a 404", request(b"HEAD", to=b"{status:404}")),
    ("status-500", "a 500", request(b"HEAD", to=b"{status:500}")),
    ("gzip", "a text in gzip", request(b"HEAD", b"Accept-Encoding: gzip", to=b"{gzip}")),
    ("conneg", "one of two representations", request(b"HEAD", to=b"{conneg}")),
    ("unacceptable", "a representation that there is not", request(b"HEAD", b"Accept: image/png", to=b"{conneg}")),
    ("not-allowed", "what takes POST alone", request(b"HEAD", to=b"{form}")),
    ("unauthorized", "what asks for credentials", request(b"HEAD", to=b"{auth}")),
    ("download", "a download", request(b"HEAD", to=b"{download:a.txt}")),
    ("mutable", "a name that nothing is stored under", request(b"HEAD", to=b"{mutable:merkhet-{nonce}}")),
)
_HEAD_ANSWER = head_of(OK)


def _empty(slug: str, words: str, data: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.3.2-no-content-{slug}",
        requirement="rfc9110-9.3.2-1",
        title=f"The answer to HEAD of {words} has no content",
        since=SINCE,
        steps=(
            Send(data),
            read({answered: PASS, **unserved()}, to="HEAD"),
            Send(GET),
            read(
                {
                    as_preflight(): PASS,
                    garbage: DESYNC.because(_CONTENT),
                    cut_short: DESYNC.because(_CONTENT),
                    answered: WARNING.because("the request behind it was not answered as a plain GET is"),
                    ended: observed("the connection is not kept, and no content came before its end"),
                    silent: WARNING.because("the request behind it got no answer"),
                }
            ),
        ),
        good=(_HEAD_ANSWER + OK,),
        mutants=(
            Canned("sends content", OK + OK),
            Canned("sends the content in chunks", _HEAD_ANSWER + b"2\r\nok\r\n0\r\n\r\n" + OK),
            Canned("fails at what follows", _HEAD_ANSWER + response(500, b"")),
            FAILS,
        ),
        twin=Exchange(request=request(b"HEAD"), to="HEAD", good=_HEAD_ANSWER),
    )


# --- 9.3.2-2: the same fields

_LOST = VIOLATION.because("HEAD lacks a field that GET has and that does not rest on the content")
_CHANGED = VIOLATION.because("HEAD has another value than GET in a field that does not rest on the content")
STATIC: tuple[tuple[str, str, bytes], ...] = (
    ("text", "a text file", b"{files:merkhet.txt}"),
    ("binary", "a binary file", b"{files:small.bin}"),
    ("page", "a page", b"{files:page.html}"),
    ("empty", "a file without content", b"{files:empty.txt}"),
    ("large", "a file of 1 MiB", b"{files:large.bin}"),
    ("encoded", "a file whose name is encoded", b"{files:a%20b.txt}"),
    ("in-folder", "a file in a folder", b"{files:folder/inner.txt}"),
)
ROUTED: tuple[tuple[str, str, bytes, tuple[bytes, ...]], ...] = (
    ("root", "the root", b"{root}", ()),
    ("param", "a parameter", b"{param:merkhet}", ()),
    ("stream", "a stream", b"{stream:3}", ()),
    ("redirect", "what redirects", b"{redirect}", ()),
    ("conneg", "one of two representations", b"{conneg}", (b"Accept: application/json",)),
    ("gzip", "a text in gzip", b"{gzip}", (b"Accept-Encoding: gzip",)),
    ("gzip-plain", "a text that is to be as it is", b"{gzip}", (b"Accept-Encoding: identity",)),
    ("unauthorized", "what asks for credentials", b"{auth}", ()),
    ("download", "a download", b"{download:a.txt}", ()),
    ("unknown-path", "what does not exist", NOWHERE, ()),
    ("unknown-file", "a file that is not there", b"{files:merkhet-nothing.txt}", ()),
)
MADE_WITH_CONTENT = (b"ETag", b"Content-MD5", b"Digest", b"Content-Digest", b"Repr-Digest", b"Content-Encoding")
"""What an application may know only once it has made the content; a file's tag is known before."""

_FIELDS = (b'ETag: "merkhet"', b"Last-Modified: Wed, 25 Nov 2026 06:00:00 GMT", b"Content-Type: text/plain")
_GOT = response(200, b"ok", *_FIELDS)


def _same_fields(slug: str, words: str, target: bytes, but: tuple[bytes, ...], *lines: bytes) -> Check:
    return Check(
        id=f"rfc9110-9.3.2-fields-{slug}",
        requirement="rfc9110-9.3.2-2",
        title=f"HEAD of {words} has the fields of GET",
        since=SINCE,
        steps=(
            Send(request(b"GET", *lines, to=target)),
            read({**unserved(), answered: PASS}, keep="get"),
            Send(request(b"HEAD", *lines, to=target)),
            read(
                {
                    status(405, 501): observed("HEAD is refused there"),
                    all_of(same_status("get"), keeps_fields("get", *but)): PASS,
                    same_status("get"): _LOST,
                    **unserved(),
                    ended: observed("the connection is not kept"),
                    answered: VIOLATION.because("HEAD has another status than GET"),
                },
                to="HEAD",
            ),
        ),
        good=(_GOT + head_of(_GOT),),
        mutants=(
            Canned("leaves Content-Type out", _GOT + head_of(response(200, b"ok", *_FIELDS[:2]))),
            Canned("leaves Last-Modified out", _GOT + head_of(response(200, b"ok", _FIELDS[0], _FIELDS[2]))),
            Canned("has another status", _GOT + head_of(response(204, b"", *_FIELDS))),
            Canned("refuses it", _GOT + response(405, b"")),
        ),
        note="Left out are the fields of one message, and those that making the content decides (Section 9.3.2).",
    )


def _same_values(slug: str, words: str, target: bytes) -> Check:
    names = (b"Content-Type", b"ETag", b"Last-Modified", b"Accept-Ranges", b"Content-Encoding", b"Cache-Control")
    return Check(
        id=f"rfc9110-9.3.2-values-{slug}",
        requirement="rfc9110-9.3.2-2",
        title=f"HEAD of {words} says in its fields what GET says",
        since=SINCE,
        steps=(
            Send(request(to=target)),
            read({status(200): PASS, **unserved(), answered: lacks("the file")}, keep="get"),
            Send(request(b"HEAD", to=target)),
            read(
                {
                    status(405, 501): observed("HEAD is refused there"),
                    all_of(same_status("get"), *(same_field("get", name) for name in names)): PASS,
                    same_status("get"): _CHANGED,
                    **unserved(),
                    ended: observed("the connection is not kept"),
                    answered: VIOLATION.because("HEAD has another status than GET"),
                },
                to="HEAD",
            ),
        ),
        good=(_GOT + head_of(_GOT),),
        mutants=(
            Canned("has another type", _GOT + head_of(response(200, b"ok", *_FIELDS[:2], b"Content-Type: text/html"))),
            Canned("has another tag", _GOT + head_of(response(200, b"ok", b'ETag: "other"', *_FIELDS[1:]))),
            Canned("leaves the date out", _GOT + head_of(response(200, b"ok", _FIELDS[0], _FIELDS[2]))),
            Canned("finds nothing", _GOT + head_of(response(404, b"", *_FIELDS))),
        ),
    )


CHECKS = (
    *(_empty(*row) for row in EMPTY),
    *(_same_fields(f"file-{slug}", words, target, ()) for slug, words, target in STATIC),
    *(_same_fields(slug, words, target, MADE_WITH_CONTENT, *lines) for slug, words, target, lines in ROUTED),
    *(_same_values(*row) for row in STATIC),
)
