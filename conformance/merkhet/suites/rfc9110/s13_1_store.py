"""RFC 9110, Sections 13.1 and 13.2.1: conditions on what changes state: the method is done, or nothing is."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send
from merkhet.expect import echoed, status, status_2xx, status_4xx
from merkhet.suites.rfc9110.s13_words import (
    AFTER,
    BEFORE,
    CREATED,
    FAILED,
    GONE,
    MUTABLE_TWIN,
    NO_CONTENT,
    NOT_MODIFIED,
    OLD_DATE,
    OTHER_TAG,
    at,
    attempt,
    of_store,
    performed,
    put_first,
    still,
    stored,
    tidied,
)
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_STRONG_TAG, NO_TAG, NO_VALIDATOR, Cases, rest
from merkhet.suites.words import ECHO_TWIN, SINCE, echo, post, response

OWN = b"{kept:stored/ETag}"
WEAK = b"{kept:stored/ETag|weak}"
OTHER = b"{kept:stored/ETag|other}"
MODIFIED = b"{kept:stored/Last-Modified}"
EARLIER = b"{kept:stored/Last-Modified|-3600}"

_PERFORMED = VIOLATION.because("the method was performed though the condition is false")
FIRST = CREATED + of_store()

# --- blocked

STATE_ONLY: Cases = {
    status(412): PASS,
    status_4xx: PASS.because("refused, though not with 412: the state decides"),
    status(304): WARNING.because("a 304 to a method that reads nothing"),
    status_2xx: PASS.because("a success: the state decides"),
    **rest(),
}
"""What the answers to a false If-Match or If-Unmodified-Since mean: which status says so is free, the state is not."""
EXACTLY_412: Cases = {
    status(412): PASS,
    status(304): VIOLATION.because("a 304 to a method that is neither GET nor HEAD"),
    status_2xx: VIOLATION.because("a success though the condition is false"),
    status_4xx: VIOLATION.because("refused, but not with 412"),
    **{case: verdict for case, verdict in rest().items() if case != status_4xx},
}
FAILS: Cases = {
    status(412): PASS,
    status(304): VIOLATION.because("a 304 to a method that reads nothing"),
    status_2xx: VIOLATION.because("the condition was not evaluated before the method"),
    **rest(),
}

BLOCKED: tuple[tuple[str, str, str, bytes, bytes, Cases, Cases], ...] = (
    ("13.1.1-put-other", "13.1.1-2", "A PUT whose If-Match names another tag fails", b"PUT", b"If-Match: " + OTHER, NO_TAG, FAILS),
    ("13.1.1-delete-other", "13.1.1-2", "A DELETE whose If-Match names another tag fails", b"DELETE",
     b"If-Match: " + OTHER, NO_TAG, FAILS),
    ("13.1.1-put-blocked", "13.1.1-3", "A PUT whose If-Match names another tag changes nothing", b"PUT",
     b"If-Match: " + OTHER, NO_TAG, STATE_ONLY),
    ("13.1.1-put-blocked-list", "13.1.1-3", "A PUT whose If-Match names several other tags changes nothing", b"PUT",
     b'If-Match: "a", ' + OTHER, NO_TAG, STATE_ONLY),
    ("13.1.1-delete-blocked", "13.1.1-3", "A DELETE whose If-Match names another tag deletes nothing", b"DELETE",
     b"If-Match: " + OTHER, NO_TAG, STATE_ONLY),
    ("13.1.1-put-weak", "13.1.1-1", "A PUT whose If-Match has a weak form of the tag changes nothing", b"PUT",
     b"If-Match: " + WEAK, NO_TAG, STATE_ONLY),
    ("13.1.1-delete-weak", "13.1.1-1", "A DELETE whose If-Match has a weak form of the tag deletes nothing",
     b"DELETE", b"If-Match: " + WEAK, NO_TAG, STATE_ONLY),
    ("13.1.2-put-own", "13.1.2-4b", "A PUT whose If-None-Match names the tag gets 412 and changes nothing", b"PUT",
     b"If-None-Match: " + OWN, NO_TAG, EXACTLY_412),
    ("13.1.2-put-weak", "13.1.2-4b", "A PUT whose If-None-Match has the weak form of the tag gets 412 and changes nothing", b"PUT",
     b"If-None-Match: " + WEAK, NO_TAG, EXACTLY_412),
    ("13.1.2-put-in-list", "13.1.2-4b", "A PUT whose If-None-Match has the tag in a list gets 412 and changes nothing", b"PUT",
     b'If-None-Match: "a", ' + OWN, NO_TAG, EXACTLY_412),
    ("13.1.2-delete-own", "13.1.2-4b", "A DELETE whose If-None-Match names the tag gets 412 and deletes nothing",
     b"DELETE", b"If-None-Match: " + OWN, NO_TAG, EXACTLY_412),
    ("13.1.2-put-star", "13.1.2-a1", "A PUT whose If-None-Match is a star gets 412 where something is, and changes nothing", b"PUT",
     b"If-None-Match: *", NO_VALIDATOR, EXACTLY_412),
    ("13.1.2-delete-star", "13.1.2-a1", "A DELETE whose If-None-Match is a star gets 412, and deletes nothing", b"DELETE",
     b"If-None-Match: *", NO_VALIDATOR, EXACTLY_412),
    ("13.1.4-put-old", "13.1.4-6", "A PUT with If-Unmodified-Since of another century changes nothing", b"PUT",
     b"If-Unmodified-Since: " + OLD_DATE, NO_DATE, STATE_ONLY),
    ("13.1.4-put-earlier", "13.1.4-6", "A PUT with If-Unmodified-Since an hour before the modification changes nothing", b"PUT",
     b"If-Unmodified-Since: " + EARLIER, NO_DATE, STATE_ONLY),
    ("13.1.4-delete-old", "13.1.4-6", "A DELETE with If-Unmodified-Since of another century deletes nothing", b"DELETE",
     b"If-Unmodified-Since: " + OLD_DATE, NO_DATE, STATE_ONLY),
)  # fmt: skip


def _blocked(  # noqa: PLR0917 - the columns of a table
    slug: str, requirement: str, title: str, method: bytes, line: bytes, unless: Cases, answers: Cases
) -> Check:
    path = at(slug.replace(".", "-").encode())
    done = FIRST + NO_CONTENT + (of_store(AFTER) if method == b"PUT" else GONE)
    return Check(
        id=f"rfc9110-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *put_first(path),
            *stored(path, unless),
            *attempt(method, path, line, cases=answers),
            *still(path, BEFORE, _PERFORMED),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(FIRST + FAILED + of_store() + NO_CONTENT,),
        mutants=(
            Canned("performs it", done),
            Canned(
                "fails and performs it nevertheless", FIRST + FAILED + (of_store(AFTER) if method == b"PUT" else GONE)
            ),
            Canned("answers 304", FIRST + NOT_MODIFIED + of_store() + NO_CONTENT),
            Canned("breaks down", FIRST + response(500) + of_store() + NO_CONTENT),
        ),
        note="Conditions on PUT and DELETE keep one client from overwriting what another has just written.",
    )


# --- performed

PERFORMED: tuple[tuple[str, str, str, bytes, bytes, Cases], ...] = (
    ("13.1.1-put-own", "13.1.1-2", "A PUT whose If-Match names the tag is performed", b"PUT", b"If-Match: " + OWN, NO_STRONG_TAG),
    ("13.1.1-put-own-in-list", "13.1.1-2", "A PUT whose If-Match has the tag in a list is performed", b"PUT",
     b'If-Match: "a", ' + OWN, NO_STRONG_TAG),
    ("13.1.1-put-star", "13.1.1-2", "A PUT whose If-Match is a star is performed where something is", b"PUT",
     b"If-Match: *", Cases()),
    ("13.1.1-delete-own", "13.1.1-2", "A DELETE whose If-Match names the tag is performed", b"DELETE",
     b"If-Match: " + OWN, NO_STRONG_TAG),
    ("13.1.2-put-other", "13.1.2-3", "A PUT whose If-None-Match names another tag is performed", b"PUT",
     b"If-None-Match: " + OTHER_TAG, Cases()),
    ("13.1.2-delete-other", "13.1.2-3", "A DELETE whose If-None-Match names another tag is performed", b"DELETE",
     b"If-None-Match: " + OTHER_TAG, Cases()),
    ("13.1.3-put", "13.1.3-2c", "A PUT is performed whatever If-Modified-Since says", b"PUT",
     b"If-Modified-Since: " + MODIFIED, NO_DATE),
    ("13.1.3-put-future", "13.1.3-2c", "A PUT is performed though If-Modified-Since is in the future", b"PUT",
     b"If-Modified-Since: Mon, 01 Jan 2096 00:00:00 GMT", Cases()),
    ("13.1.3-delete", "13.1.3-2c", "A DELETE is performed whatever If-Modified-Since says", b"DELETE",
     b"If-Modified-Since: " + MODIFIED, NO_DATE),
    ("13.1.3-delete-future", "13.1.3-2c", "A DELETE is performed though If-Modified-Since is in the future", b"DELETE",
     b"If-Modified-Since: Mon, 01 Jan 2096 00:00:00 GMT", Cases()),
    ("13.1.4-put-equal", "13.1.4-5", "A PUT with If-Unmodified-Since at the modification is performed", b"PUT",
     b"If-Unmodified-Since: " + MODIFIED, NO_DATE),
    ("13.1.4-put-later", "13.1.4-5", "A PUT with If-Unmodified-Since in the future is performed", b"PUT",
     b"If-Unmodified-Since: Mon, 01 Jan 2096 00:00:00 GMT", Cases()),
    ("13.1.4-put-invalid", "13.1.4-2", "A PUT is performed though If-Unmodified-Since is no date", b"PUT",
     b"If-Unmodified-Since: xyz", Cases()),
)  # fmt: skip


def _performed(slug: str, requirement: str, title: str, method: bytes, line: bytes, unless: Cases) -> Check:  # noqa: PLR0917 - the columns of a table
    path = at(slug.replace(".", "-").encode())
    is_put = method == b"PUT"
    return Check(
        id=f"rfc9110-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *put_first(path),
            *stored(path, unless),
            *attempt(
                method,
                path,
                line,
                cases={
                    status_2xx: PASS,
                    status(412): VIOLATION.because("a 412 where the condition is true, or is to be ignored"),
                    status(304): VIOLATION.because("a 304 to a method that is neither GET nor HEAD"),
                    **rest(),
                },
            ),
            *performed(method, path),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(FIRST + NO_CONTENT + (of_store(AFTER) if is_put else GONE) + NO_CONTENT,),
        mutants=(
            Canned("answers 412", FIRST + FAILED),
            Canned("answers 304", FIRST + NOT_MODIFIED),
            Canned("says that it was done, and does nothing", FIRST + NO_CONTENT + of_store()),
        ),
    )


def _post_since() -> Check:
    return Check(
        id="rfc9110-13.1.3-post",
        requirement="rfc9110-13.1.3-2c",
        title="A POST is performed though If-Modified-Since is in the future",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: 5", b"If-Modified-Since: Mon, 01 Jan 2096 00:00:00 GMT"), anew=True),
            Answers(
                {
                    echoed(body=b"hello"): PASS,
                    status(304, 412): VIOLATION.because("a condition was evaluated that is for GET and HEAD alone"),
                    status_2xx: WARNING.because("the application got other content"),
                    **rest(),
                },
                to="POST",
            ),
        ),
        twin=ECHO_TWIN,
        good=(echo(b"hello"),),
        mutants=(
            Canned("answers 304", NOT_MODIFIED),
            Canned("answers 412", FAILED),
            Canned("loses the content", echo()),
        ),
    )


CHECKS = (
    *(_blocked(*row) for row in BLOCKED),
    *(_performed(*row) for row in PERFORMED),
    _post_since(),
)
