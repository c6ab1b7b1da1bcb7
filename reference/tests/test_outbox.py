"""What waits to be sent, over socket pairs: buffers in one call, files in pieces, records, and what is counted. No thread."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channel_wire import Layer, what_has_come
from hypothesis import given
from hypothesis import strategies as st

from merkhet_reference import outbox, tls
from merkhet_reference.outbox import BUFFERS_MAX, FileSegment, Outbox, ShortFileError, TlsOutbox

ALL = 1 << 20
DIGITS = b"0123456789"

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(10)
        yield ours, theirs


@pytest.fixture(params=[True, False], ids=["sendfile", "pread"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways from a file to a socket."""
    if request.param and not outbox.SENDFILE:
        pytest.skip("this system has no sendfile")
    monkeypatch.setattr(outbox, "SENDFILE", request.param)


class Files:
    """Opens files, and tells which of them are still open."""

    def __init__(self, folder: Path, closed: list[int]) -> None:
        self._folder = folder
        self._closed = closed
        self._opened: list[int] = []

    def path(self, content: bytes) -> Path:
        path = self._folder / str(len(self._opened))
        path.write_bytes(content)
        return path

    def open(self, content: bytes = DIGITS) -> int:
        self._opened.append(os.open(self.path(content), os.O_RDONLY))
        return self._opened[-1]

    def segment(self, content: bytes = DIGITS, offset: int = 0, count: int | None = None) -> FileSegment:
        return FileSegment(self.open(content), offset, len(content) if count is None else count, owns=True)

    @property
    def closed(self) -> list[int]:
        """How often each was closed, in the order of their opening."""
        return [self._closed.count(descriptor) for descriptor in self._opened]

    def close(self) -> None:
        for descriptor in self._opened:
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    closed: list[int] = []
    real_close = os.close

    def close(descriptor: int) -> None:
        closed.append(descriptor)
        real_close(descriptor)

    opened = Files(tmp_path, closed)
    with monkeypatch.context() as patched:
        patched.setattr(os, "close", close)
        yield opened
    opened.close()


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def counts(box: Outbox) -> tuple[int, int, int]:
    return box.waiting_bytes, box.put_bytes, box.sent_bytes


# Buffers


class Calls(socket.socket):
    """A socket that remembers how many buffers each call gave it, and takes at most `takes` octets a call."""

    def __init__(self, takes: int = ALL) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self.calls: list[tuple[int, int]] = []
        self.taken = b""
        self.takes = takes

    def send(self, data: Any, flags: int = 0, /) -> int:
        return self._take(1, bytes(data), flags)

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        return self._take(len(buffers), b"".join(buffers), flags)

    def _take(self, buffers: int, data: bytes, flags: int) -> int:
        if not self.takes:
            raise BlockingIOError
        self.calls.append((buffers, flags))
        self.taken += data[: self.takes]
        return min(self.takes, len(data))


def test_what_is_put_leaves_in_its_order_and_is_counted(pair: Pair) -> None:
    ours, theirs = pair
    box = Outbox()
    assert (box.can_send, counts(box)) == (False, (0, 0, 0))
    box.put(b"ab")
    box.put(b"")
    box.put(b"cde")
    assert (box.can_send, counts(box)) == (True, (5, 5, 0))
    assert box.send(ours, ALL) == 5
    assert (box.can_send, counts(box), what_has_come(theirs)) == (False, (0, 5, 5), b"abcde")
    box.put(b"f")
    assert counts(box) == (1, 6, 5)
    assert box.send(ours, ALL) == 1


def test_an_empty_outbox_sends_nothing(pair: Pair) -> None:
    assert Outbox().send(pair[0], ALL) == 0


def test_nothing_is_collected_from_below_where_nothing_is(pair: Pair) -> None:
    box = Outbox()
    box.collect()
    assert counts(box) == (0, 0, 0)


def test_many_buffers_leave_in_few_calls() -> None:
    box = Outbox()
    with Calls() as sock:
        for _ in range(2 * BUFFERS_MAX + 1):
            box.put(b"x")
        box.send(sock, ALL)
        assert sock.calls == [(BUFFERS_MAX, 0), (BUFFERS_MAX, 0), (1, 0)]


def test_a_head_waits_for_the_first_octets_of_its_file(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SENDFILE", False)
    box = Outbox()
    with Calls() as sock:
        for part in (b"head", b"more", files.segment(), b"behind"):
            box.put(part)
        box.send(sock, ALL)
        assert sock.calls == [(2, outbox.MORE_FOLLOWS), (1, 0), (1, 0)]
        assert sock.taken == b"headmore" + DIGITS + b"behind"


@given(st.lists(st.binary(max_size=5), max_size=80), st.integers(1, 7))
def test_however_little_a_socket_takes_the_rest_follows(pieces: list[bytes], takes: int) -> None:
    box = Outbox()
    with Calls(takes) as sock:
        for piece in pieces:
            box.put(piece)
        assert box.send(sock, ALL) == len(b"".join(pieces))
        assert sock.taken == b"".join(pieces)
        assert counts(box) == (0, len(sock.taken), len(sock.taken))


def test_what_a_full_socket_does_not_take_waits(pair: Pair) -> None:
    ours, theirs = pair
    box = Outbox()
    data = os.urandom(2_000_000)
    box.put(data[:1_000_000])
    box.put(data[1_000_000:])
    sent = box.send(ours, ALL)
    assert 0 < sent < len(data)
    assert counts(box) == (len(data) - sent, len(data), sent)
    assert box.send(ours, ALL) == 0
    came = b""
    while box.can_send:
        came += theirs.recv(ALL)
        box.send(ours, ALL)
    while len(came) < len(data):
        came += theirs.recv(ALL)
    assert came == data


def test_a_peer_that_is_gone_is_an_error(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    box = Outbox()
    box.put(b"x")
    with pytest.raises(OSError, match="Broken pipe"):
        box.send(ours, ALL)
    box.clear()
    assert counts(box) == (0, 1, 0)


# Files


@pytest.mark.usefixtures("ways")
def test_segments_leave_between_the_buffers_and_their_file_is_closed_once(pair: Pair, files: Files) -> None:
    ours, theirs = pair
    box = Outbox()
    descriptor = files.open()
    first, last = FileSegment(descriptor, 2, 3, owns=False), FileSegment(descriptor, 7, 2, owns=True)
    for part in (b"<", first, b"|", last, b">"):
        box.put(part)
    assert counts(box) == (8, 8, 0)
    assert box.send(ours, ALL) == 8
    assert (what_has_come(theirs), counts(box)) == (b"<234|78>", (0, 8, 8))
    box.clear()
    last.close()
    assert files.closed == [1]


@pytest.mark.usefixtures("ways")
def test_a_file_has_a_bounded_piece_a_call_and_what_stands_behind_it_waits(pair: Pair, files: Files) -> None:
    ours, theirs = pair
    box = Outbox()
    box.put(b"head")
    box.put(files.segment())
    box.put(files.segment(b"abc"))
    box.put(b"behind")
    came: list[bytes] = []
    while box.can_send:
        box.send(ours, 4)
        came.append(what_has_come(theirs))
    assert came == [b"head0123", b"4567", b"89ab", b"cbehind"]
    assert (counts(box), files.closed) == ((0, 23, 23), [1, 1])


@pytest.mark.usefixtures("ways")
def test_a_file_goes_on_where_a_full_socket_stopped_it(pair: Pair, files: Files) -> None:
    ours, theirs = pair
    content = os.urandom(1_000_000)
    box = Outbox()
    box.put(files.segment(content))
    sent = box.send(ours, 10 * ALL)
    assert 0 < sent < len(content)
    assert (counts(box), files.closed) == ((len(content) - sent, len(content), sent), [0])
    came = b""
    while len(came) < len(content):
        came += theirs.recv(ALL)
        box.send(ours, 10 * ALL)
    assert (came, files.closed, counts(box)) == (content, [1], (0, len(content), len(content)))


@pytest.mark.usefixtures("ways")
def test_a_file_that_became_shorter_is_an_error_and_closed_once(pair: Pair, files: Files) -> None:
    ours, theirs = pair
    box = Outbox()
    box.put(b"head")
    box.put(files.segment(count=15))
    with pytest.raises(ShortFileError):
        box.send(ours, ALL)
    assert (what_has_come(theirs), counts(box)) == (b"head" + DIGITS, (5, 19, 14)), "what left has been counted"
    assert files.closed == [0]
    box.clear()
    assert (counts(box), files.closed) == ((0, 19, 14), [1])


def test_what_is_thrown_away_is_closed_once_and_never_sent(pair: Pair, files: Files) -> None:
    ours, theirs = pair
    box = Outbox()
    descriptor = files.open()
    for part in (b"x", FileSegment(descriptor, 0, 1, owns=False), FileSegment(descriptor, 1, 1, owns=True)):
        box.put(part)
    box.put(files.segment())
    box.clear()
    box.clear()
    assert (files.closed, counts(box)) == ([1, 1], (0, 13, 0))
    box.put(b"new")
    box.send(ours, ALL)
    assert what_has_come(theirs) == b"new"


def test_an_empty_segment_is_closed_at_once(files: Files) -> None:
    box = Outbox()
    segment = files.segment(b"")
    box.put(segment)
    assert (files.closed, counts(box), is_open(segment.descriptor)) == ([1], (0, 0, 0), False)
    unowned = FileSegment(files.open(), 0, 0, owns=False)
    box.put(unowned)
    assert is_open(unowned.descriptor)


def test_a_segment_is_read_from_where_it_has_come_to(files: Files) -> None:
    segment = files.segment(offset=2, count=5)
    assert [segment.read(3), segment.read(3), (segment.offset, segment.count)] == [b"234", b"56", (7, 0)]
    with pytest.raises(ShortFileError):
        files.segment(offset=10, count=1).read(1)


# TLS


def test_nothing_is_encrypted_before_the_handshake_is_over(pair: Pair) -> None:
    ours, theirs = pair
    layer = Layer()
    box = TlsOutbox(layer)
    box.put(b"plain")
    assert (box.can_send, box.send(ours, ALL), layer.output) == (False, 0, b"")
    layer.output = b"[handshake]"
    box.collect()
    assert (box.can_send, counts(box)) == (True, (16, 5, 0)), "what the layer says waits, and is nobody's answer"
    assert box.send(ours, ALL) == 11
    assert (box.can_send, counts(box), what_has_come(theirs)) == (False, (5, 5, 0), b"[handshake]")
    layer.shaken = True
    assert box.can_send
    box.send(ours, ALL)
    assert (counts(box), what_has_come(theirs)) == ((0, 5, 5), b"<plain>")


def test_what_the_layer_says_goes_before_plaintext_that_waits(pair: Pair) -> None:
    ours, theirs = pair
    layer = Layer()
    layer.shaken = True
    box = TlsOutbox(layer)
    box.put(b"plain")
    layer.output = b"[alert]"
    box.collect()
    box.send(ours, ALL)
    assert what_has_come(theirs) == b"[alert]<plain>"


def test_a_bounded_piece_is_encrypted_at_a_time(pair: Pair, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PLAINTEXT_BYTES", 4)
    ours, theirs = pair
    layer = Layer()
    layer.shaken = True
    box = TlsOutbox(layer)
    for part in (b"abcdef", b"ghij", files.segment(), b"k"):
        box.put(part)
    assert box.send(ours, ALL) == 21 + 2 * 7
    assert (what_has_come(theirs), counts(box)) == (b"<abcd><ef><ghij><0123><4567><89><k>", (0, 21, 21))
    assert files.closed == [1]


def test_records_that_a_socket_does_not_take_wait_and_no_more_are_made() -> None:
    layer = Layer()
    layer.shaken = True
    box = TlsOutbox(layer)
    box.put(b"one")
    box.put(b"two")
    with Calls(2) as sock:
        assert box.send(sock, 2) == 2
        assert (sock.taken, counts(box)) == (b"<o", (6, 6, 0)), "three octets of a record, and three of plaintext"
        sock.takes = 0
        assert box.send(sock, ALL) == 0
        sock.takes = 2
        box.send(sock, ALL)
        assert (sock.taken, counts(box)) == (b"<one><two>", (0, 6, 6))


def test_a_file_that_became_shorter_is_an_error_under_tls_too(pair: Pair, files: Files) -> None:
    layer = Layer()
    layer.shaken = True
    box = TlsOutbox(layer)
    box.put(files.segment(count=15))
    with pytest.raises(ShortFileError):
        box.send(pair[0], ALL)
    assert counts(box) == (5, 15, 10)
    box.put(b"never sent")
    layer.output = b"[nor this]"
    box.collect()
    box.clear()
    assert (counts(box), box.can_send, files.closed) == ((0, 25, 10), False, [1])


def test_a_layer_that_fails_is_a_failure(pair: Pair) -> None:
    layer = Layer()
    layer.shaken = layer.is_broken = True
    box = TlsOutbox(layer)
    box.put(b"x")
    with pytest.raises(tls.TlsFailure):
        box.send(pair[0], ALL)
