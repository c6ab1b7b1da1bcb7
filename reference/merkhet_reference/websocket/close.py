"""RFC 6455, Sections 5.5.1 and 7.4: Close. What its body says, and which codes may say it."""

from __future__ import annotations

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
UNSUPPORTED_DATA = 1003
NO_STATUS = 1005
"""Stands for a Close without a code; never on the wire (Section 7.4.1)."""
ABNORMAL = 1006
"""Stands for an end without a Close; never on the wire (Section 7.4.1)."""
INVALID_DATA = 1007
POLICY = 1008
TOO_BIG = 1009
EXTENSION_MISSING = 1010
INTERNAL_ERROR = 1011

REASON_BYTES_MAX = 123
"""A control frame has 125 octets at most, and two of them are the code (Section 5.5)."""

# 1012 to 1014 came later, by registration with IANA: service restart, try again later, bad gateway.
DEFINED = frozenset((*range(1000, 1004), *range(1007, 1015)))
"""What may stand in a Close frame below 3000. The rest is reserved, or says what no frame says (Section 7.4.2)."""
PRIVATE = range(3000, 5000)  # [rfc6455-7.4.2-a2]
"""For libraries, and from 4000 on for applications (Section 7.4.2)."""
CLIENT_ALONE = frozenset((EXTENSION_MISSING,))
"""A server refuses a handshake instead, so it has no use for this one (Section 7.4.1)."""


class Violation(Exception):  # noqa: N818 - the peer's error, not ours
    """The peer has broken a rule or gone beyond a limit: the connection is failed (Section 7.1.7).

    `code` goes into our Close; `why` is a sentence of our own, in ASCII and short enough to be its reason.
    """

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


def protocol_error(why: str) -> Violation:
    """1002: the framing is broken, and nothing behind it can be trusted."""
    return Violation(PROTOCOL_ERROR, why)


def invalid_data(why: str) -> Violation:
    """1007: what is in the frames is not what it claims to be."""
    return Violation(INVALID_DATA, why)


def too_big(why: str) -> Violation:
    """1009: larger than this server takes (Section 10.4)."""
    return Violation(TOO_BIG, why)


def may_come(code: int) -> bool:
    """Tell whether a client may say this code."""
    return code in DEFINED or code in PRIVATE


def may_be_sent(code: int) -> bool:
    """Tell whether a server may."""
    # [rfc6455-7.4.1-3] [rfc6455-7.4.1-4] [rfc6455-7.4.1-6] [rfc6455-7.4.1-a1] [rfc6455-7.4.2-a1]
    return may_come(code) and code not in CLIENT_ALONE


def parse_body(body: bytes) -> tuple[int, str]:
    """Return code and reason of a Close that came, NO_STATUS for an empty one. Raises Violation."""
    if not body:
        return NO_STATUS, ""
    if len(body) == 1:
        raise protocol_error("a Close has half a code")
    code = int.from_bytes(body[:2], "big")
    if not may_come(code):
        raise protocol_error("a Close has a code that no frame may have")
    try:
        return code, body[2:].decode("utf-8")  # [rfc6455-5.5.1-3]
    except UnicodeDecodeError:
        raise invalid_data("the reason of a Close is no UTF-8") from None


def body(code: int, reason: str = "") -> bytes:
    """Return the body of a Close of ours; none for NO_STATUS.

    Raises ValueError for a code that a server may not send, and a reason that is too long or beside no code.
    """
    said = reason.encode("utf-8")
    if code == NO_STATUS and not said:
        return b""
    if not may_be_sent(code):
        raise ValueError(f"{code} is no code that a server may send")
    if len(said) > REASON_BYTES_MAX:
        raise ValueError(f"a reason of {len(said)} octets, and there is room for {REASON_BYTES_MAX}")
    return code.to_bytes(2, "big") + said  # [rfc6455-5.5.1-2]
