"""RFC 9112, Section 3.2: Request Target, the Host field."""

from __future__ import annotations

from merkhet.check import Answers, Canned, Check, Exchange, Send
from merkhet.suites.words import GET, HANG_UP, OK, REFUSED, SINCE, must_400

CHECKS = (
    Check(
        id="rfc9112-3.2-host-missing",
        requirement="rfc9112-3.2-6a",
        title="An HTTP/1.1 request without a Host field is refused",
        since=SINCE,
        steps=(Send(b"GET {root} HTTP/1.1\r\n\r\n"), Answers(must_400())),
        twin=Exchange(request=GET),
        good=(REFUSED,),
        mutants=(Canned("serves it", OK), Canned("hangs up", HANG_UP)),
        note="VERDICTS 16: half of the servers surveyed serve it; the text leaves no room.",
    ),
)
