"""RFC 6455, Section 5.4: large messages, and messages in very many fragments."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Hears, Send, Stream, Verdict, closes, observed
from merkhet.expect_websocket import as_binary, as_text, echoes, ends_bare, sends_close, speaks, stays_open
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.payload import Repeated
from merkhet.suites.websocket_words import SWITCHED, Large, opened, server_close
from merkhet.suites.words import SINCE

_KIB = 1024
_MIB = 1024 * 1024
_SYMBOLS = "m\N{LATIN SMALL LETTER E WITH ACUTE}\N{SNOWMAN}\N{CUNEIFORM SIGN A}".encode()
"""Ten octets: a character of each length. Fragments of other sizes cut through them."""
_EVERY = bytes(range(256))
_BULK_BYTES = 1_000_000
_PATIENCE_SECONDS = 20.0
_WORDS = {64 * _KIB: "64 KiB", _MIB: "1 MiB", 16 * _MIB: "16 MiB"}
_NOTE = (
    "Section 10.4 asks servers to have limits: a Close with 1009, or 1008, that says so is a choice. A server that ends the "
    "connection without saying why leaves its client in the dark, and one that answers nothing has lost a message."
)


def _cases(opcode: Opcode, data: Repeated, words: str) -> Mapping[Hearing, Verdict]:
    echo = echoes(as_text(data) if opcode is Opcode.TEXT else as_binary(data))
    return {
        echo: PASS,
        speaks: VIOLATION.because("something else came back"),
        sends_close(1008, 1009): observed(f"refuses {words} with a code for its limits"),
        sends_close(): WARNING.because("it closed the WebSocket, and not with the code for a limit"),
        ends_bare: WARNING.because("the connection ended without the Close that would say why"),
        stays_open: VIOLATION.because("no echo came"),
    }


def _tags(size: int, count: int) -> frozenset[str]:
    """Choice: they run alone, as a server with one thread is busy with each for longer than others wait for it."""
    return frozenset({"bulk", "alone"} if size >= _BULK_BYTES or count > 1024 else ())


def _large(slug: str, opcode: Opcode, size: int, fragment: int) -> Check:
    count = -(-size // fragment) if fragment else 1
    told = f"a {opcode.name.lower()} message of {_WORDS.get(size, f'{size:,} octets')}"
    told += f" in {count:,} fragments" if fragment else " in one frame"
    data = Repeated(_SYMBOLS if opcode is Opcode.TEXT else _EVERY, size)
    shorter = Repeated(data.unit, size - len(data.unit))
    return Check(
        id=f"rfc6455-5.4-large-{slug}",
        requirement="rfc6455-5.4-7",
        title=f"{told[0].upper()}{told[1:]} is received",
        since=SINCE,
        steps=(
            *opened(),
            Send(made=Large(opcode, data, fragment)),
            Hears(_cases(opcode, data, told), messages=1, patience_seconds=_PATIENCE_SECONDS),
        ),
        good=(Stream(SWITCHED, made=Large(opcode, data, mask=None)),),
        mutants=(
            Canned("drops the end", Stream(SWITCHED, made=Large(opcode, shorter, mask=None))),
            Canned("echoes nothing", SWITCHED),
            Canned("refuses it with 1009", closes(SWITCHED + server_close(1009))),
            Canned("closes with 1011", closes(SWITCHED + server_close(1011))),
            Canned("hangs up", closes(SWITCHED)),
        ),
        tags=_tags(size, count),
        note=_NOTE,
    )


_ROWS = (
    ("1000-fragments", Opcode.BINARY, 65_000, 65),
    # The sizes of texts are multiples of ten, so that they end with a whole character.
    ("1000-fragments-text", Opcode.TEXT, 7_000, 7),
    ("64-kib-in-64", Opcode.BINARY, 64 * _KIB, 64),
    ("64-kib-in-1000", Opcode.BINARY, 64 * _KIB, 1000),
    ("65537-fragments", Opcode.BINARY, 65_537, 1),
    ("1-mib", Opcode.BINARY, _MIB, 0),
    ("1-mib-in-1-kib", Opcode.BINARY, _MIB, _KIB),
    ("1-mib-in-16", Opcode.BINARY, _MIB, 16),
    ("text-in-1001", Opcode.TEXT, 1_000_000, 1001),
    ("16-mib", Opcode.BINARY, 16 * _MIB, 0),
    ("16-mib-in-64-kib", Opcode.BINARY, 16 * _MIB, 64 * _KIB),
    ("16-mib-in-8-kib", Opcode.BINARY, 16 * _MIB, 8 * _KIB),
)

CHECKS = tuple(_large(*row) for row in _ROWS)
