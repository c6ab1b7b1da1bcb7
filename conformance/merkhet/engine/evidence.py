"""Everything needed to judge the judge: transcripts without the user's secrets, and lines that repeat a check."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Sequence

import msgspec

from merkhet.model import Direction, Evidence, Transcript
from merkhet.wire.sockets import Address

NETCAT_BYTES_MAX = 4096
_PRINTABLE = frozenset(range(0x20, 0x7F)) - frozenset(b"%\\'")
_NAMED = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", ord("%"): "%%", ord("\\"): "\\\\"}


def secrets_of(extra_fields: bytes) -> tuple[bytes, ...]:
    """Return the values of the field lines that the user gave, each as it is sent and as an echo encodes it."""
    values = [line.partition(b":")[2].strip(b" \t") for line in extra_fields.split(b"\r\n") if line]
    return tuple(form for value in values if value for form in (value, base64.b64encode(value)))


def mask(data: bytes, secrets: Iterable[bytes]) -> bytes:
    """Return these bytes with every secret replaced by as many asterisks."""
    for secret in secrets:
        data = data.replace(secret, b"*" * len(secret))
    return data


def masked(transcript: Transcript, secrets: Sequence[bytes]) -> Transcript:
    """Return a transcript without the secrets, wherever segments cut them."""
    if not secrets:
        return transcript
    events = list(transcript.events)
    for direction in (Direction.SENT, Direction.RECEIVED):
        places = [number for number, event in enumerate(events) if event.direction is direction]
        hidden = mask(b"".join(events[place].data for place in places), secrets)
        for place in places:
            size = len(events[place].data)
            events[place] = msgspec.structs.replace(events[place], data=hidden[:size])
            hidden = hidden[size:]
    return msgspec.structs.replace(transcript, events=tuple(events))


def printf(data: bytes) -> str:
    """Return a shell word that makes printf write exactly these bytes, in any POSIX shell."""
    text = "".join(chr(octet) if octet in _PRINTABLE else _NAMED.get(octet, f"\\{octet:03o}") for octet in data)
    # A leading hyphen would be read as an option.
    return "'" + ("\\055" + text[1:] if text.startswith("-") else text) + "'"


def netcat(segments: Sequence[bytes], address: Address, secrets: Sequence[bytes] = ()) -> str:
    """Return a line that sends exactly these bytes with netcat; empty if it cannot: TLS, several segments, too many bytes."""
    if len(segments) != 1 or address.tls is not None or not 0 < len(segments[0]) <= NETCAT_BYTES_MAX:
        return ""
    where = f"-U {shlex.quote(address.unix)}" if address.unix else f"{shlex.quote(address.host)} {address.port}"
    return f"printf {printf(mask(segments[0], secrets))} | nc -w 2 {where}"


def repeat(command: str, check: str) -> str:
    """Return the command that runs one check again. `command` is `merkhet run` with the target's own options."""
    return f"{command} --select {shlex.quote(check)}"


def gather(
    transcripts: Iterable[Transcript],
    segments: Sequence[bytes],
    *,
    check: str,
    command: str,
    address: Address,
    secrets: Sequence[bytes],
) -> Evidence:
    """Return the evidence of one check."""
    return Evidence(
        transcripts=tuple(masked(transcript, secrets) for transcript in transcripts),
        repeat=repeat(command, check),
        netcat=netcat(segments, address, secrets),
    )
