"""RFC 9110: the fields of a response, one rule broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

RESPONSE = "merkhet_reference.http1.response"


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9110-5.3-3", must_kill={"rfc9110-5.3-responses-singletons"})
def two_dates(original: Any) -> Any:
    """Sends Date twice."""

    def encode_head(status: int, lines: bytes, *, date: bytes, **more: Any) -> bytes:
        head: bytes = original(status, lines, date=date, **more)
        return head.replace(b"\r\n", b"\r\nDate: " + date + b"\r\n", 1)

    return encode_head
