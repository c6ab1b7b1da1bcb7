"""Evidence: lines that repeat a check exactly, and transcripts without the user's secrets."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess

import pytest

from merkhet.engine.evidence import NETCAT_BYTES_MAX, gather, masked, netcat, printf, secrets_of
from merkhet.model import Direction
from merkhet.wire.sockets import Address
from merkhet.wire.transcript import Recorder

PLACE = Address(host="127.0.0.1", port=8080)


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell here")
@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", b'it\'s 100%\\ "done" $HOME `x`', bytes(range(256)), b"\x001\x0077", b"%s%d\\n", b"-n"],
)
def test_printf_writes_exactly_these_bytes(data: bytes) -> None:
    command = f"printf {printf(data)}"
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout == data


def test_netcat_only_where_it_sends_the_same() -> None:
    assert netcat([b"a\r\n"], PLACE) == "printf 'a\\r\\n' | nc -w 2 127.0.0.1 8080"
    assert netcat([b"a"], Address(unix="/tmp/a b")) == "printf 'a' | nc -w 2 -U '/tmp/a b'"
    assert netcat([b"a", b"b"], PLACE) == ""
    assert netcat([], PLACE) == ""
    assert netcat([b"a" * (NETCAT_BYTES_MAX + 1)], PLACE) == ""
    assert netcat([b"a" * NETCAT_BYTES_MAX], PLACE) != ""
    assert netcat([b"a"], Address(tls=ssl.create_default_context())) == ""


def test_secrets_are_masked_wherever_segments_cut_them() -> None:
    secrets = secrets_of(b"Authorization: Bearer hunter2hunter2\r\nX-Empty:\r\n")
    recorder = Recorder(0, "check")
    for octet in b"Authorization: Bearer hunter2hunter2\r\n":
        recorder.data(Direction.SENT, bytes([octet]), 0.0)
    recorder.note(Direction.HALF_CLOSED, 0.0)
    recorder.data(Direction.RECEIVED, b"you sent " + base64.b64encode(b"Bearer hunter2hunter2"), 0.0)
    before = recorder.transcript()
    after = masked(before, secrets)
    sent = b"".join(event.data for event in after.events if event.direction is Direction.SENT)
    received = b"".join(event.data for event in after.events if event.direction is Direction.RECEIVED)
    assert sent == b"Authorization: " + b"*" * 21 + b"\r\n"
    assert received == b"you sent " + b"*" * 28
    assert [len(event.data) for event in after.events] == [len(event.data) for event in before.events]
    assert after.sent_sha256 == before.sent_sha256
    assert masked(before, ()) is before


def test_what_is_gathered() -> None:
    evidence = gather(
        [Recorder(0, "check").transcript()],
        [b"X: secret\r\n"],
        check="rfc9112-0-x",
        command="merkhet run --url http://h/",
        address=PLACE,
        secrets=[b"secret"],
    )
    assert evidence.repeat == "merkhet run --url http://h/ --select rfc9112-0-x"
    assert "******" in evidence.netcat
    assert "secret" not in evidence.netcat
    assert len(evidence.transcripts) == 1
