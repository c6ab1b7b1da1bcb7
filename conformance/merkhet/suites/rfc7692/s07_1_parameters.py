"""RFC 7692, Section 7.1: what a server answers to each of the four parameters."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    BREACH,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    On,
    Send,
    Verdict,
    lacks,
    observed,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, agreed_within, agreement, declined, misagreed
from merkhet.suites.rfc7692.agreed import (
    BAD_REQUEST,
    CAN_DEFLATE,
    CLIENT_BITS,
    CLIENT_FRESH,
    DECLINES,
    REFUSED,
    SERVER_BITS,
    SERVER_FRESH,
    UNREADABLE,
    accepts,
    faulty,
    with_,
)
from merkhet.suites.websocket_words import (
    SWITCHED_DEFLATE,
    handshake,
    offers,
)
from merkhet.suites.words import SINCE


def _answer(
    section: str,
    slug: str,
    requirement: str,
    title: str,
    *parameters: str,
    cases: Mapping[Expectation, Verdict],
    good: bytes,
    mutants: tuple[Canned, ...],
) -> Check:
    """One offer with these parameters. `cases` come before an answer that cannot be read, and before a refusal."""
    return Check(
        id=f"rfc7692-{section}-{slug}",
        requirement=f"rfc7692-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *CAN_DEFLATE,
            On(1),
            Send(handshake("ws-deflate", offers(with_(*parameters)))),
            Answers({**cases, **UNREADABLE, **REFUSED}),
        ),
        good=(SWITCHED_DEFLATE, good),
        mutants=mutants,
    )


def _observed(fault: str, *parameters: str) -> Canned:
    return faulty(fault, accepts(*parameters))


_DECLINES = faulty("declines the offer", DECLINES)
_REFUSES = faulty("refuses the handshake", BAD_REQUEST)

# --- server_no_context_takeover

_FRESH_SETS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("alone", "alone", ()),
    ("client-takeover", f"with {CLIENT_FRESH}", (CLIENT_FRESH,)),
    ("server-bits", f"with {SERVER_BITS}", (f"{SERVER_BITS}=12",)),
    ("client-bits", f"with {CLIENT_BITS}", (CLIENT_BITS,)),
    ("all", "with all the others", (CLIENT_FRESH, f"{SERVER_BITS}=12", f"{CLIENT_BITS}=12")),
)
_FRESH_BACK = tuple(
    _answer(
        "7.1.1.1",
        f"returned-{slug}",
        "7.1.1.1-a1",
        f"Who accepts {SERVER_FRESH}, offered {words}, sends it back",
        SERVER_FRESH,
        *others,
        cases={
            agreed(SERVER_FRESH): PASS,
            agreed(): VIOLATION.because(f"it accepted without {SERVER_FRESH}"),
            declined: observed(f"declines {SERVER_FRESH}"),
        },
        good=accepts(SERVER_FRESH, *(one for one in others if one.startswith(SERVER_BITS))),
        mutants=(
            _observed("leaves it out", *(one for one in others if one.startswith(SERVER_BITS))),
            _observed("gives it a value", f"{SERVER_FRESH}=1"),
            _DECLINES,
            _REFUSES,
        ),
    )
    for slug, words, others in _FRESH_SETS
)
_FRESH_SUPPORTED = _answer(
    "7.1.1.1",
    "supported",
    "7.1.1.1-2",
    f"An offer with {SERVER_FRESH} is accepted",
    SERVER_FRESH,
    cases={
        agreed(SERVER_FRESH): PASS,
        agreed(): VIOLATION.because(f"it accepted without {SERVER_FRESH}"),
        declined: VIOLATION.because("it declined the offer"),
    },
    good=accepts(SERVER_FRESH),
    mutants=(_DECLINES, _observed("leaves it out"), _REFUSES),
)


# --- what a server may add, or leave out


def _choice(
    section: str,
    slug: str,
    requirement: str,
    title: str,
    *parameters: str,
    cases: Mapping[Expectation, Verdict],
    added: str,
) -> Check:
    """What is left to the server. `added` is a parameter that it may answer with."""
    name = added.partition("=")[0]
    return Check(
        id=f"rfc7692-{section}-{slug}",
        requirement=f"rfc7692-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            Send(handshake("ws-deflate", offers(with_(*parameters)))),
            Answers(
                {
                    misagreed: BREACH.because("it answered with a parameter or a value that may not stand there"),
                    **cases,
                    declined: lacks("an acceptance of this offer"),
                }
            ),
        ),
        good=(accepts(),),
        mutants=(
            Canned("has it", accepts(added)),
            Canned("has it twice", accepts(added, added)),
            Canned("has it with a value that may not be", accepts(f"{name}=99")),
        ),
    )


def _may(section: str, slug: str, requirement: str, added: str, *parameters: str) -> Check:
    name = added.partition("=")[0]
    offered = f"where {name} was offered" if parameters else "to a plain offer"
    return _choice(
        section,
        slug,
        requirement,
        f"The answer may have {name} {offered}",
        *parameters,
        cases={
            agreed(name): observed(f"answers with {name} {offered}"),
            agreed(): observed(f"answers without {name} {offered}"),
        },
        added=added,
    )


_MAY = (
    _may("7.1.1.1", "unasked", "7.1.1.1-3", SERVER_FRESH),
    _may("7.1.1.2", "unasked", "7.1.1.2-2", CLIENT_FRESH),
    _may("7.1.1.2", "asked", "7.1.1.2-2", CLIENT_FRESH, CLIENT_FRESH),
    _may("7.1.2.1", "unasked", "7.1.2.1-4", f"{SERVER_BITS}=12"),
    _may("7.1.2.2", "asked", "7.1.2.2-3", f"{CLIENT_BITS}=12", CLIENT_BITS),
)
_HINTS = tuple(
    _choice(
        "7.1.2.2",
        f"hint-{bits}",
        "7.1.2.2-a1",
        f"A hint of {CLIENT_BITS}={bits} may be followed or not",
        f"{CLIENT_BITS}={bits}",
        cases={
            **{
                agreed(f"{CLIENT_BITS}={other}"): observed(f"answers a hint of {bits} with {other}")
                for other in range(8, 16)
            },
            agreed(): observed(f"passes over a hint of {bits}"),
        },
        added=f"{CLIENT_BITS}={bits}",
    )
    for bits in range(8, 16)
)

# --- the window of the server

_SERVER_WINDOWS = tuple(
    _answer(
        "7.1.2.1",
        f"bits-{bits}",
        "7.1.2.1-a1",
        f"Who accepts {SERVER_BITS}={bits} answers with {bits} or less",
        f"{SERVER_BITS}={bits}",
        cases={
            misagreed: VIOLATION.because("it answered with a parameter or a value that may not stand there"),
            agreed_within(bits): PASS,
            agreed(SERVER_BITS): VIOLATION.because("its window is larger than was offered"),
            # Without the parameter the window is of 15 bits all the same: who leaves it out there harms nobody.
            agreed(): (VIOLATION if bits < 15 else WARNING).because(f"it accepted without {SERVER_BITS}"),
            declined: observed(f"declines {SERVER_BITS}={bits}"),
        },
        good=accepts(f"{SERVER_BITS}={bits}"),
        mutants=(
            _observed("leaves it out"),
            *((_observed("answers with more", f"{SERVER_BITS}={bits + 1}"),) if bits < 15 else ()),
            _observed("answers with 16", f"{SERVER_BITS}=16"),
            _DECLINES,
            _REFUSES,
        ),
    )
    for bits in range(8, 16)
)
_QUOTED = _answer(
    "7.1.2.1",
    "bits-quoted",
    "7.1.2.1-a1",
    f'Who accepts {SERVER_BITS}="10" answers with 10 or less',
    f'{SERVER_BITS}="10"',
    cases={
        misagreed: VIOLATION.because("it answered with a parameter or a value that may not stand there"),
        agreed_within(10): PASS,
        agreed(): VIOLATION.because(f"it accepted without {SERVER_BITS}, or with more"),
        declined: observed("declines a value in quotes"),
    },
    good=accepts(f"{SERVER_BITS}=10"),
    mutants=(_observed("leaves it out"), _DECLINES, _REFUSES),
)


def _number(section: str, slug: str, requirement: str, name: str, *parameters: str) -> Check:
    return _answer(
        section,
        slug,
        requirement,
        f"The {name} of an answer to {parameters[-1]} is a number from 8 to 15",
        *parameters,
        cases={
            misagreed: VIOLATION.because("its value is no such number, or is not there"),
            agreed(): PASS,
            declined: observed(f"declines {parameters[-1]}"),
        },
        good=accepts(f"{name}=9"),
        mutants=(
            *(_observed(f"answers with {value}", f"{name}={value}") for value in ("7", "16", "09", "10.0", "ten")),
            _observed("answers without a value", name),
            _observed("answers twice", f"{name}=9", f"{name}=9"),
        ),
    )


_NUMBERS = (
    _number("7.1.2.1", "number", "7.1.2.1-3", SERVER_BITS, f"{SERVER_BITS}=9"),
    _number("7.1.2.1", "number-15", "7.1.2.1-3", SERVER_BITS, f"{SERVER_BITS}=15"),
    _number("7.1.2.2", "number", "7.1.2.2-4", CLIENT_BITS, CLIENT_BITS),
    _number("7.1.2.2", "number-8", "7.1.2.2-4", CLIENT_BITS, f"{CLIENT_BITS}=8"),
    _number("7.1.2.2", "number-15", "7.1.2.2-4", CLIENT_BITS, f"{CLIENT_BITS}=15"),
)

_NOT_OFFERED = tuple(
    _answer(
        "7.1.2.2",
        f"not-offered-{slug}",
        "7.1.2.2-5",
        f"The answer to {words} has no {CLIENT_BITS}",
        *parameters,
        cases={
            agreement("with client_max_window_bits", lambda found: found.has(CLIENT_BITS)): VIOLATION.because(
                f"it answered with a {CLIENT_BITS} that was not offered"
            ),
            agreed(): PASS,
            declined: observed(f"declines {words}"),
        },
        good=accepts(*(one for one in parameters if one.startswith("server"))),
        mutants=(
            _observed("has one", *parameters, f"{CLIENT_BITS}=12"),
            _observed("has one without a value", *parameters, CLIENT_BITS),
        ),
    )
    for slug, words, parameters in (
        ("plain", "a plain offer", ()),
        ("server-takeover", f"an offer with {SERVER_FRESH}", (SERVER_FRESH,)),
        ("client-takeover", f"an offer with {CLIENT_FRESH}", (CLIENT_FRESH,)),
        ("server-bits", f"an offer with {SERVER_BITS}", (f"{SERVER_BITS}=10",)),
    )
)

CHECKS = (
    *_FRESH_BACK,
    _FRESH_SUPPORTED,
    *_MAY,
    *_HINTS,
    *_SERVER_WINDOWS,
    _QUOTED,
    *_NUMBERS,
    *_NOT_OFFERED,
)
