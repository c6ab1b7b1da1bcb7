"""RFC 3986: what its checks share: one request for a URI, and two URIs that are to mean the same."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, Exchange, Send, Verdict, lacks
from merkhet.expect import Expectation, all_of, answered, status_2xx, status_4xx
from merkhet.expect_kept import same_content
from merkhet.expect_response import same_status
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, NOT_FOUND, SILENT_SERVER, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import SINCE, response

GOOD_FILE = response(200, FIXTURES["merkhet.txt"])
BAD = response(400, b"no\n")


def uri_check(
    place: str,
    number: str,
    title: str,
    target: bytes,
    cases: Mapping[Expectation, Verdict],
    *,
    good: bytes,
    mutants: tuple[Canned, ...],
    twin: Exchange | None = None,
    note: str = "",
) -> Check:
    """Return the check of one GET. `place` is a section and a slug, as `2.1-percent`.

    An error of the server's own and no answer at all come before `answered`, the last of the cases.
    """
    last = {answered: cases[answered]}
    before = {case: verdict for case, verdict in cases.items() if case is not answered}
    section = place.partition("-")[0]
    return Check(
        id=f"rfc3986-{place}",
        requirement=f"rfc3986-{section}-{number}",
        title=title,
        since=SINCE,
        steps=(Send(request(to=target)), Answers({**before, **unserved(), **last})),
        good=(good,),
        mutants=(*mutants, HANGS_UP, SILENT_SERVER),
        twin=twin or Exchange(request=request()),
        note=note,
    )


def alike(place: str, number: str, title: str, targets: tuple[bytes, bytes], *, good: bytes = GOOD_FILE) -> Check:
    """Return the check that two targets have the same answer. Where the first is not found, there is nothing to compare."""
    section = place.partition("-")[0]
    first, second = targets
    return Check(
        id=f"rfc3986-{place}",
        requirement=f"rfc3986-{section}-{number}",
        title=title,
        since=SINCE,
        steps=(
            Send(request(b"GET", b"Accept-Encoding: identity", to=first)),
            Answers({status_2xx: PASS, answered: lacks("an answer for the plain form"), **unserved()}, keep="plain"),
            Send(request(b"GET", b"Accept-Encoding: identity", to=second), anew=True),
            Answers(
                {
                    all_of(same_status("plain"), same_content("plain")): PASS,
                    status_4xx: VIOLATION.because("one of two equal URIs was refused, or not found"),
                    **unserved(),
                    answered: VIOLATION.because("two equal URIs have different answers"),
                }
            ),
        ),
        good=(good + good,),
        mutants=(
            Canned("finds one alone", good + NOT_FOUND),
            Canned("refuses one", good + BAD),
            Canned("answers otherwise", good + response(200, b"other")),
            Canned("fails", good + FAILS.streams[0].data),
        ),
        twin=Exchange(request=request(to=first), answer=answered, good=good),
    )
