"""What the judge is shown of a response, and of the frames behind a 101, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from merkhet.answer import End, Fault, Framing, Response
from merkhet.wire.request import SentRequest
from merkhet.wire.websocket import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All that was read of the frames behind a 101: how many, and what was wrong with them.

    `asked_to_close_with` is the code of the Close that the check sent, if it did.
    """

    tally: Tally
    faults: tuple[Fault, ...] = ()
    asked_to_close_with: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One response (interim ones too) in its place on its connection.

    `request` is what it answers, if that is legal beyond doubt. `named_version` is false if a request line before it may be
    read as one without an HTTP version. `after` are the next octets on the connection, up to 64.
    `end` is how the connection stood after it: None if more responses followed or the harness did not wait to see.
    `staged` says that the check asked the contract for a status of its choice: then what a status means is nobody's claim.
    `ended_at_once` says that the end came without an idle wait. `baseline_version` is the version of preflight's answer.
    `talk` is what followed a 101 to WebSocket.
    """

    response: Response
    request: SentRequest | None = None
    asked_te: bool = False
    named_version: bool = True
    after: bytes = b""
    end: End | None = None
    ended_at_once: bool = False
    baseline_version: bytes = b"HTTP/1.1"
    staged: bool = False
    talk: Talk | None = None
    witness: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the response is not interim. 101 is final: a tunnel follows."""
        return not 100 <= self.response.status < 200 or self.response.status == 101

    @property
    def plain(self) -> bool:
        """Whether it is a final response to a legal request, and no tunnel follows."""
        return self.request is not None and self.is_final and self.response.framing is not Framing.TUNNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `applies` and `broken` are shown a response; `broken` says what is wrong with one to which it applies.

    `fields` are the fields that it is about, in lower case: where none of them is sent it does not apply; empty for all.
    `watches_end` marks rules that need to see how the connection ends after the response, `reads_frames` those that are about
    the frames behind a 101.
    """

    name: str
    requirement: str
    expected: str
    applies: Callable[[Seen], bool]
    broken: Callable[[Seen], str | None]
    choices: tuple[str, str] | None = None
    watches_end: bool = False
    reads_frames: bool = False
    fields: frozenset[bytes] = frozenset()
