"""Expectations of fields by their grammar in RFC 9110: challenges, and the fields that no rule of the judge is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_WS = rb"[ \t]*"
_PARAMETER = _TOKEN + _WS + rb"=" + _WS + rb"(?:" + _TOKEN + rb"|" + _QUOTED + rb")"
_WEIGHT = rb"(?:" + _WS + rb";" + _WS + rb"[qQ]=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
_URI_CHARS = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*"
_PROTOCOL = _TOKEN + rb"(?:/" + _TOKEN + rb")?"
_LANGUAGE = rb"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"


def _list_of(member: bytes) -> re.Pattern[bytes]:
    """Return the grammar of a list as it is read: empty members allowed, since sending them is another rule's matter."""
    item = rb"(?:" + member + rb")?"
    return re.compile(item + rb"(?:" + _WS + rb"," + _WS + item + rb")*")


GRAMMARS: Mapping[bytes, re.Pattern[bytes]] = {
    b"Accept-Ranges": _list_of(_TOKEN),
    b"Accept-Encoding": _list_of(_TOKEN + _WEIGHT),
    b"Content-Encoding": _list_of(_TOKEN),
    b"Content-Language": _list_of(_LANGUAGE),
    b"Content-Location": re.compile(_URI_CHARS),
    b"Content-Range": re.compile(
        _TOKEN + rb" (?:[0-9]+-[0-9]+/(?:[0-9]+|\*)|\*/[0-9]+)|(?!(?i:bytes) )" + _TOKEN + rb" .*"
    ),
    b"Trailer": _list_of(_TOKEN),
    b"Upgrade": _list_of(_PROTOCOL),
    b"Via": _list_of(_PROTOCOL + rb"[ \t]+[^, \t]+(?:[ \t]+\([^()]*\))?"),
    b"Max-Forwards": re.compile(rb"[0-9]+"),
    b"Authentication-Info": _list_of(_PARAMETER),
}
"""Fields that a response may have and for which the judge has no rule of its own, and what their values look like."""


@dataclass(frozen=True, slots=True)
class _InGrammar:
    """A whole final response in which each of these fields, where it is sent, has the form that it is defined with."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "a response each of whose fields is in its grammar"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and _all_in_grammar(response)


def _all_in_grammar(response: Response) -> bool:
    if not all(grammar.fullmatch(value) for name, grammar in GRAMMARS.items() for value in response.values(name)):
        return False
    values = (*response.values(b"WWW-Authenticate"), *response.values(b"Proxy-Authenticate"))
    return all(read_challenges(value) is not None for value in values)


in_grammar: Expectation = _InGrammar()

_MEMBERS = re.compile(rb'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_AUTH_PARAM = re.compile(rb"(" + _TOKEN + rb")" + _WS + rb"=" + _WS + rb"(" + _TOKEN + rb"|" + _QUOTED + rb")")
_BEGINNING = re.compile(rb"(" + _TOKEN + rb")(?: +(?:(?P<parameter>" + _PARAMETER + rb")|[A-Za-z0-9\-._~+/]+=*))?")

Challenge = tuple[bytes, tuple[tuple[bytes, bytes], ...]]
"""A scheme in lower case, and its parameters, names in lower case."""


def read_challenges(value: bytes) -> tuple[Challenge, ...] | None:
    """Return what a WWW-Authenticate field line holds (RFC 9110, Section 11.6.1), None if it is not in the grammar.

    A member of the list is a parameter of the challenge before it, or begins one: a scheme alone, or with its first
    parameter or a token68 behind it.
    """
    challenges: list[tuple[bytes, list[tuple[bytes, bytes]]]] = []
    for member in filter(None, (found.strip(b" \t") for found in _MEMBERS.findall(value))):
        parameter = _AUTH_PARAM.fullmatch(member)
        if parameter is None:
            begins = _BEGINNING.fullmatch(member)
            if begins is None:
                return None
            challenges.append((begins[1].lower(), []))
            parameter = _AUTH_PARAM.fullmatch(begins["parameter"] or b"")
        if parameter is not None:
            if not challenges:
                return None
            challenges[-1][1].append((parameter[1].lower(), parameter[2]))
    return tuple((scheme, tuple(parameters)) for scheme, parameters in challenges)


def _challenges_of(response: Response) -> Iterator[Challenge]:
    for value in response.values(b"WWW-Authenticate"):
        yield from read_challenges(value) or ()


@dataclass(frozen=True, slots=True)
class _Challenged:
    """A whole final response whose WWW-Authenticate is in its grammar and has at least one challenge."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "WWW-Authenticate with a challenge"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        if response is None:
            return False
        return any(True for _ in _challenges_of(response)) and all(
            read_challenges(value) is not None for value in response.values(b"WWW-Authenticate")
        )


challenged: Expectation = _Challenged()


@dataclass(frozen=True, slots=True)
class _SoundChallenges:
    """As `challenged`, with no parameter twice in a challenge, and every realm a quoted string."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "challenges without a repeated parameter and with realms in quotes"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        if response is None or not challenged.matches(answer, context):
            return False
        for _, parameters in _challenges_of(response):
            names = [name for name, _ in parameters]
            if len(set(names)) != len(names):
                return False
            if any(name == b"realm" and not text.startswith(b'"') for name, text in parameters):
                return False
        return True


sound_challenges: Expectation = _SoundChallenges()
