"""RFC 6455, Sections 4.2.2 and 4.4: versions that a server does not speak, and the list of those that it does."""

from __future__ import annotations

from merkhet.check import (
    BREACH,
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Check,
    Send,
    Step,
    Verdict,
    in_turns,
    lacks,
    observed,
)
from merkhet.expect import all_of, ended, field, silent
from merkhet.expect_handshake import refused, refused_5xx, switched, switches
from merkhet.suites.rfc6455.opening import (
    FAILS,
    HANGS_UP,
    HUNG_UP,
    NO_ANSWER,
    OWN_ERROR,
    SAYS_NOTHING,
    UPGRADE_REQUIRED,
    one,
    unanswered,
)
from merkhet.suites.websocket_words import SWITCHED, WS_TWIN, handshake, switched_by
from merkhet.suites.words import REFUSED, SINCE, response

_FIELD = b"Sec-WebSocket-Version"
_NAMED = field(_FIELD)
_SPEAKS_ALL = BREACH.because("it switched for a version that nobody speaks")
_UNTOLD = VIOLATION.because("the refusal does not say which versions are spoken")

# --- 4.2.2-6: versions that nobody speaks


def _unknown(version: bytes) -> Check:
    return one(
        f"4.2.2-version-{version.decode()}",
        "4.2.2-6",
        f"A handshake for version {version.decode()} is refused with the versions that are spoken",
        handshake(version=version),
        {
            switched: _SPEAKS_ALL,
            all_of(refused, _NAMED): PASS,
            refused: _UNTOLD,
            **unanswered(),
        },
        good=UPGRADE_REQUIRED,
        mutants=(
            Canned("switches all the same", SWITCHED),
            Canned("switches and names the version", switched_by(_FIELD + b": " + version)),
            Canned("does not say what it speaks", REFUSED),
            Canned("asks for an upgrade and says no more", response(426, b"no", b"Upgrade: websocket")),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
    )


_UNKNOWN = tuple(_unknown(version) for version in (b"9", b"12", b"14", b"25", b"99", b"100", b"255"))


def _draft(version: bytes) -> Check:
    told = version.decode()
    return one(
        f"4.2.2-version-draft-{told}",
        "4.2.2-6",
        f"A handshake for version {told}, which was that of a draft, is answered",
        handshake(version=version),
        {
            switches(): observed(f"speaks version {told} too"),
            all_of(refused, _NAMED): PASS,
            refused: _UNTOLD,
            **unanswered(),
        },
        good=UPGRADE_REQUIRED,
        mutants=(
            Canned("speaks it too", SWITCHED),
            Canned("does not say what it speaks", REFUSED),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
        note="The handshake of versions 7 and 8 is that of 13: a server may speak them.",
    )


_DRAFTS = tuple(_draft(version) for version in (b"7", b"8"))

# --- 4.4-1: the list

_NAMES_13 = all_of(refused, field(_FIELD, b"13"))
_NAMES = all_of(refused, _NAMED)
_NO_LIST: Verdict = lacks("Sec-WebSocket-Version in its refusal")
_AGAIN: tuple[Step, ...] = (
    Send(handshake(), anew=True),
    Answers(
        {
            switches(): PASS,
            switched: BREACH.because("the 101 to the version that it had named is wrong"),
            refused_5xx: OWN_ERROR,
            refused: BREACH.because("it refused the version that it had named"),
            ended: HUNG_UP,
            silent: NO_ANSWER,
        }
    ),
)


def _listed(slug: str, title: str, version: bytes, *then: Step, mutants: tuple[Canned, ...] = ()) -> Check:
    return Check(
        id=f"rfc6455-4.4-{slug}",
        requirement="rfc6455-4.4-1",
        title=title,
        since=SINCE,
        steps=(
            Send(handshake(version=version)),
            Answers(
                {
                    _NAMES_13: PASS,
                    _NAMES: BREACH.because("13 is not among the versions that it names"),
                    refused: _NO_LIST,
                    switched: lacks("a refusal of this version"),
                    **unanswered(),
                }
            ),
            *then,
        ),
        good=(in_turns(UPGRADE_REQUIRED, SWITCHED) if then else UPGRADE_REQUIRED,),
        mutants=(
            Canned("names others", _naming(b"8, 7")),
            Canned("names the version that it refuses", _naming(version)),
            Canned("sends an empty list", _naming(b"")),
            Canned("names 130", _naming(b"130")),
            Canned("sends no list that can be read", _naming(b"13; 8")),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
            *mutants,
        ),
        twin=WS_TWIN,
    )


def _naming(versions: bytes) -> bytes:
    return response(426, b"no", b"Connection: Upgrade", b"Upgrade: websocket", _FIELD + b": " + versions)


_LISTS = (
    *(
        _listed(f"list-{version.decode()}", f"The refusal of version {version.decode()} names 13", version)
        for version in (b"12", b"25", b"255")
    ),
    _listed(
        "again",
        "A client that was refused for its version is accepted when it asks again for one that was named",
        b"25",
        *_AGAIN,
        mutants=(
            Canned("refuses it again", in_turns(UPGRADE_REQUIRED, UPGRADE_REQUIRED)),
            Canned("fails then", in_turns(UPGRADE_REQUIRED, response(500, b"oops"))),
            Canned("says nothing then", in_turns(UPGRADE_REQUIRED, b"")),
        ),
    ),
)

CHECKS = (*_UNKNOWN, *_DRAFTS, *_LISTS)
