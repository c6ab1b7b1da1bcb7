"""RFC 9110, Section 4.2.3: http(s) Normalization and Comparison. Equivalent URIs name one resource."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import answered, status_2xx, status_3xx, status_4xx
from merkhet.expect_kept import same_content
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, NOT_FOUND, read, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, SINCE, response

_ANOTHER = VIOLATION.because("equivalent URIs name different resources")

PAIRS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("letter", "a letter encoded", b"{files:merkhet.txt}", b"{files:%6Derkhet.txt}"),
    ("letter-upper", "a capital letter encoded", b"{files:A.txt}", b"{files:%41.txt}"),
    ("letter-within", "a letter within a name encoded", b"{files:merkhet.txt}", b"{files:merk%68et.txt}"),
    ("dot", "a dot encoded", b"{files:merkhet.txt}", b"{files:merkhet%2Etxt}"),
    ("dots", "two dots within a name encoded", b"{files:a..b.txt}", b"{files:a%2E%2Eb.txt}"),
    ("whole", "every letter of a name encoded", b"{files:one.bin}", b"{files:%6F%6E%65%2E%62%69%6E}"),
    ("folder", "a letter of a folder encoded", b"{files:folder/inner.txt}", b"{files:f%6Flder/inner.txt}"),
    ("hex-case", "the digits of an encoding in lower case", b"{files:%C3%BCber.txt}", b"{files:%c3%bcber.txt}"),
    ("space-hex", "a space and a letter encoded", b"{files:a%20b.txt}", b"{files:%61%20b.txt}"),
    ("host-port", "the URI in absolute-form", b"{files:merkhet.txt}", b"{scheme}://{host}{files:merkhet.txt}"),
    ("absolute", "a letter encoded in absolute-form", b"{files:merkhet.txt}", b"{scheme}://{host}{files:%6Derkhet.txt}"),
    ("scheme-case", "the scheme in upper case", b"http://{host}{files:A.txt}", b"HTTP://{host}{files:A.txt}"),
    ("dot-segment", "a dot segment before the name", b"{files:merkhet.txt}", b"{files:./merkhet.txt}"),
    ("up-and-down", "a folder and the way out of it before the name", b"{files:A.txt}", b"{files:folder/../A.txt}"),
    ("dot-segment-hex", "an encoded dot segment before the name", b"{files:merkhet.txt}", b"{files:%2E/merkhet.txt}"),
    ("up-hex", "a folder and an encoded way out of it", b"{files:A.txt}", b"{files:folder/%2E%2E/A.txt}"),
    ("parameter", "a letter of a parameter encoded", b"{param:abc}", b"{param:%61bc}"),
    ("parameter-tilde", "a tilde of a parameter encoded", b"{param:~}", b"{param:%7E}"),
    ("parameter-mark", "hyphen and underscore of a parameter encoded", b"{param:a-b_c}", b"{param:a%2Db%5Fc}"),
)  # fmt: skip


def _equivalent(slug: str, words: str, plain: bytes, other: bytes) -> Check:
    return Check(
        id=f"rfc9110-4.2.3-same-resource-{slug}",
        requirement="rfc9110-4.2.3-2",
        title=f"With {words} a URI names the same resource",
        since=SINCE,
        steps=(
            Send(request(to=plain)),
            read({status_2xx: PASS, **unserved(), answered: lacks("the resource")}, keep="plain"),
            Send(request(to=other)),
            read(
                {
                    same_content("plain"): PASS,
                    status_3xx: observed("redirects"),
                    status_4xx: observed("one of the two names nothing"),
                    answered: _ANOTHER,
                    **unserved(),
                }
            ),
        ),
        good=(OK + OK,),
        mutants=(
            Canned("has something else there", OK + response(200, b"other")),
            Canned("redirects", OK + response(301, b"", b"Location: /files/merkhet.txt")),
            Canned("has nothing there", OK + NOT_FOUND),
            FAILS,
            HANGS_UP,
        ),
        twin=Exchange(request=request(to=plain)),
        note="A server need not find anything under the other spelling; what it finds must not be another resource.",
    )


CHECKS = (*(_equivalent(*row) for row in PAIRS),)
