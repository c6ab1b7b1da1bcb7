"""RFC 6455, Section 5: frames, one rule of their form broken at a time, in those that come and in those that go."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference.websocket import close, frames

FRAMES = "merkhet_reference.websocket.frames"
BEGIN = f"{FRAMES}.FrameReader._begin"
FIRST = f"{FRAMES}.FIRST_OCTET"
ENCODE = f"{FRAMES}.encode"
TEXT, BINARY, PING, PONG = frames.Opcode.TEXT, frames.Opcode.BINARY, frames.Opcode.PING, frames.Opcode.PONG
RSV2, RSV3 = 0x20, 0x10


def forgiving(original: Any, forgives: Any) -> Any:
    """Return FIRST_OCTET without the faults that `forgives` says yes to: deflates, in message, octet."""
    return {
        key: tuple("" if forgives(*key, octet) else faults[octet] for octet in range(256))
        for key, faults in original.items()
    }


def rewriting(original: Any, change: Any) -> Any:
    """Let `change` have the first octet of each head: reader and octet in, octet out."""

    def _begin(self: Any) -> bool:
        at = self._at
        if at < len(self._buffer):
            self._buffer = self._buffer[:at] + bytes((change(self, self._buffer[at]),)) + self._buffer[at + 1 :]
        return original(self)

    return _begin


# --- what is read


@mutant(BEGIN, breaks="rfc6455-5.1-2", must_kill={"rfc6455-5.1-unmasked-text", "rfc6455-5.1-unmasked-ping"})
def unmasked_frames_taken(original: Any) -> Any:
    """Takes a frame without a mask as well as one with it."""

    def _begin(self: Any) -> bool:
        buffer, at = self._buffer, self._at
        if len(buffer) - at >= 2 and not buffer[at + 1] & frames.MASKED:
            end = at + 2 + frames.EXTENDED_BYTES.get(buffer[at + 1], 0)
            if len(buffer) < end:
                return False
            masked = bytes((buffer[at], buffer[at + 1] | frames.MASKED))
            self._buffer = buffer[:at] + masked + buffer[at + 2 : end] + bytes(4) + buffer[end:]
        return original(self)

    return _begin


@mutant(BEGIN, breaks="rfc6455-5.2-3", must_kill={"rfc6455-5.2-rsv-1-text", "rfc6455-5.2-rsv-1-ping"})
def rsv1_ignored(original: Any) -> Any:
    """Does not look at RSV1 where no compression is agreed."""
    return rewriting(original, lambda reader, octet: octet if reader._deflates else octet & ~frames.RSV1)


@mutant(FIRST, breaks="rfc6455-5.2-3", must_kill={"rfc6455-5.2-rsv-2-text", "rfc6455-5.2-deflate-rsv2"})
def rsv2_ignored(original: Any) -> Any:
    """Does not look at RSV2."""
    return {key: tuple(faults[octet & ~RSV2] for octet in range(256)) for key, faults in original.items()}


@mutant(FIRST, breaks="rfc6455-5.2-3", must_kill={"rfc6455-5.2-rsv-3-text", "rfc6455-5.2-deflate-rsv3"})
def rsv3_ignored(original: Any) -> Any:
    """Does not look at RSV3."""
    return {key: tuple(faults[octet & ~RSV3] for octet in range(256)) for key, faults in original.items()}


@mutant(FIRST, breaks="rfc6455-5.2-3", must_kill={"rfc6455-5.2-rsv-3-ping", "rfc6455-5.2-rsv-2-pong"})
def rsv_of_control_frames_ignored(original: Any) -> Any:
    """Looks at the reserved bits of data frames alone."""
    return {
        key: tuple(faults[octet & ~frames.RESERVED_BITS if octet & frames.CONTROL else octet] for octet in range(256))
        for key, faults in original.items()
    }


@mutant(FIRST, breaks="rfc6455-5.2-4", must_kill={"rfc6455-5.2-opcode-3", "rfc6455-5.2-opcode-7-empty"})
def reserved_data_opcodes_taken(original: Any) -> Any:
    """Takes a frame of an unknown kind for a binary message."""
    return forgiving(original, lambda deflates, in_message, octet: octet & 0x77 == octet & 0x07 and octet & 7 > 2)


@mutant(BEGIN, breaks="rfc6455-5.2-4", must_kill={"rfc6455-5.2-opcode-b", "rfc6455-5.2-opcode-f"})
def reserved_control_opcodes_ignored(original: Any) -> Any:
    """Passes over control frames that it does not know."""
    return rewriting(original, lambda reader, octet: octet & 0xF0 | PONG if octet & frames.OPCODE > PONG else octet)


@mutant(BEGIN, breaks="rfc6455-5.2-4", must_kill={"rfc6455-5.2-opcode-3", "rfc6455-5.2-opcode-3-between-fragments"})
def reserved_data_opcodes_ignored(original: Any) -> Any:
    """Passes over data frames that it does not know."""
    return rewriting(
        original, lambda reader, octet: octet & 0xF0 | frames.FIN | PONG if 2 < octet & frames.OPCODE < 8 else octet
    )


@mutant(FIRST, breaks="rfc6455-5.4-2", must_kill={"rfc6455-5.5-fragmented-ping", "rfc6455-5.5-fragmented-ping-alone"})
def fragmented_control_frames_taken(original: Any) -> Any:
    """Takes a control frame without FIN as one with it."""
    return {
        key: tuple(faults[octet | frames.FIN if octet & frames.CONTROL else octet] for octet in range(256))
        for key, faults in original.items()
    }


@mutant(
    f"{FRAMES}.SECOND_OCTET",
    breaks="rfc6455-5.5-1",
    must_kill={"rfc6455-5.5-long-ping-126", "rfc6455-5.5-frames-control-size"},
)
def long_control_frames_taken(original: Any) -> Any:
    """Takes control frames of more than 125 octets, and answers in kind."""
    return {False: original[False], True: original[False]}


@mutant(FIRST, breaks="rfc6455-5.4-5", must_kill={"rfc6455-5.4-between-ping", "rfc6455-5.5.2-ping-between-fragments"})
def nothing_between_fragments(original: Any) -> Any:
    """Refuses control frames between the fragments of a message."""
    return {
        (deflates, in_message): tuple(
            "a control frame" if in_message and octet & frames.CONTROL else faults[octet] for octet in range(256)
        )
        for (deflates, in_message), faults in original.items()
    }


@mutant(
    FIRST,
    breaks="rfc6455-5.4-4",
    must_kill={"rfc6455-5.4-interleaved-text-in-text", "rfc6455-5.4-interleaved-text-as-last"},
)
def interleaved_messages_taken(original: Any) -> Any:
    """Takes a message that begins within another one for more of that."""
    return forgiving(original, lambda deflates, in_message, octet: in_message and octet & 0x7F in {TEXT, BINARY})


@mutant(FIRST, breaks="rfc6455-5.4-a1", must_kill={"rfc6455-5.4-orphan-empty", "rfc6455-5.4-orphan-behind-message"})
def continuation_begins_a_message(original: Any) -> Any:
    """Takes a continuation of nothing for a binary message."""
    return forgiving(original, lambda deflates, in_message, octet: not in_message and not octet & 0x7F)


@mutant(
    f"{FRAMES}.FrameReader._extended_length",
    breaks="rfc6455-5.2-5",
    must_kill={"rfc6455-5.2-length-top-bit-text", "rfc6455-5.2-length-top-bit-binary"},
)
def top_bit_ignored(original: Any) -> Any:
    """Does not look at the top bit of a length of 64 bits."""

    def _extended_length(self: Any, octets: bytes, count: int) -> int:
        if count == 8 and octets:
            octets = bytes((octets[0] & 0x7F,)) + octets[1:]
            if len(octets) == 8:
                return int.from_bytes(octets, "big")
        return original(self, octets, count)

    return _extended_length


@mutant(
    f"{FRAMES}.FrameReader._extended_length",
    breaks="rfc6455-5.2-6b",
    must_kill={"rfc6455-5.2-length-5-in-16-bits", "rfc6455-5.2-length-5-in-64-bits"},
)
def long_lengths_taken(original: Any) -> Any:
    """Takes a length with more octets than it needs, as a server may."""

    def _extended_length(self: Any, octets: bytes, count: int) -> int:
        length = int.from_bytes(octets, "big")
        if len(octets) == count and length <= frames.LENGTH_16_MAX:
            return length
        return 0 if len(octets) < count else original(self, octets, count)

    return _extended_length


@mutant(
    f"{FRAMES}.FrameReader._extended_length",
    breaks="rfc6455-10.4-1",
    must_kill={"rfc6455-10.4-announced-2-32"},
)
def length_wraps_at_32_bits(original: Any) -> Any:
    """Reads a length of 64 bits modulo 2 to the 32nd."""

    def _extended_length(self: Any, octets: bytes, count: int) -> int:
        if len(octets) == 8 and int.from_bytes(octets, "big") >> 32:
            return int.from_bytes(octets[4:], "big")
        return 0 if len(octets) < count else original(self, octets, count)

    return _extended_length


@mutant(f"{FRAMES}.unmask", breaks="rfc6455-6.2-7", must_kill={"rfc6455-6.2-length-65536-binary-whole"})
def wide_payloads_by_another_key(original: Any) -> Any:
    """Turns the key by an octet where it takes the mask off a kilobyte or more at a time."""
    return lambda data, key, turned=0: original(data, key, turned + (len(data) >= frames.WIDE_BYTES) & 3)


@mutant(
    f"{FRAMES}.FrameReader._take_whole",
    breaks="rfc6455-6.2-7",
    must_kill={"rfc6455-6.2-mask-first-octet"},
)
def key_with_zeros_is_none(original: Any) -> Any:
    """Takes a key with an octet 0 in it for no key."""

    def _take_whole(self: Any) -> bytes | None:
        at, buffer = self._at, self._buffer
        payload = original(self)
        if payload is None or 0 not in buffer[at + 2 : at + 6]:
            return payload
        return buffer[at + 6 : self._at]

    return _take_whole


# --- what is sent


@mutant(
    f"{FRAMES}.SHORT_HEADS",
    breaks="rfc6455-5.2-6a",
    must_kill={"rfc6455-5.2-frames-length-minimal"},
)
def pongs_in_16_bits(original: Any) -> Any:
    """Writes the length of its Pongs in 16 bits."""
    heads = tuple(bytes((frames.FIN | PONG, 126)) + length.to_bytes(2, "big") for length in range(126))
    return {**original, PONG: heads}


@mutant(
    f"{FRAMES}.SHORT_HEADS",
    breaks="rfc6455-5.4-2",
    must_kill={"rfc6455-5.4-frames-control-whole"},
)
def pongs_without_fin(original: Any) -> Any:
    """Leaves out FIN in its Pongs."""
    return {**original, PONG: tuple(bytes((PONG, length)) for length in range(126))}


@mutant(f"{FRAMES}.SHORT_HEADS", breaks="rfc6455-5.2-2", must_kill={"rfc6455-5.2-frames-rsv"})
def pongs_with_rsv3(original: Any) -> Any:
    """Sets RSV3 in its Pongs."""
    return {**original, PONG: tuple(bytes((frames.FIN | RSV3 | PONG, length)) for length in range(126))}


@mutant(f"{FRAMES}.encode_pong", breaks="rfc6455-5.1-4", must_kill={"rfc6455-5.1-frames-unmasked"})
def pongs_are_masked(original: Any) -> Any:
    """Masks its Pongs, as a client does."""
    return lambda data: bytes((frames.FIN | PONG, frames.MASKED | len(data))) + bytes(4) + data


@mutant(f"{FRAMES}.SHORT_HEADS", breaks="rfc6455-6.1-3", must_kill={"rfc6455-6.1-frames-opcode"})
def empty_text_in_opcode_3(original: Any) -> Any:
    """Sends an empty text with an opcode that is reserved."""
    return {**original, TEXT: (b"\x83\x00", *original[TEXT][1:])}


@mutant(f"{FRAMES}.SHORT_HEADS", breaks="rfc6455-5.4-a1", must_kill={"rfc6455-5.4-frames-continuation"})
def empty_text_continues(original: Any) -> Any:
    """Sends an empty text as a continuation."""
    return {**original, TEXT: (b"\x80\x00", *original[TEXT][1:])}


@mutant(f"{FRAMES}.SHORT_HEADS", breaks="rfc6455-5.4-4", must_kill={"rfc6455-5.4-frames-interleaved"})
def empty_binary_never_ends(original: Any) -> Any:
    """Leaves out FIN in an empty binary message."""
    return {**original, BINARY: (b"\x02\x00", *original[BINARY][1:])}


@mutant(ENCODE, breaks="rfc6455-5.2-5", must_kill={"rfc6455-5.2-frames-length-top-bit"})
def top_bit_of_its_own(original: Any) -> Any:
    """Sets the top bit of the lengths that it writes in 64 bits."""

    def encode(opcode: int, payload: bytes, **how: bool) -> bytes:
        frame = original(opcode, payload, **how)
        return frame if frame[1] != frames.LENGTH_64 else frame[:2] + b"\x80" + frame[3:]

    return encode


@mutant(ENCODE, breaks="rfc6455-6.1-6", must_kill={"rfc6455-6.2-length-125-text-whole"})
def last_frames_without_fin(original: Any) -> Any:
    """Leaves out FIN in messages of 100 to 130 octets."""

    def encode(opcode: int, payload: bytes, **how: bool) -> bytes:
        return original(opcode, payload, **{**how, "is_last": not 100 <= len(payload) <= 130})

    return encode


@mutant(f"{FRAMES}.encode_pong", breaks="rfc6455-5.5.3-a1", must_kill={"rfc6455-5.5.3-data-text", "rfc6455-5.5.2-ping"})
def pongs_are_empty(original: Any) -> Any:
    """Answers a Ping by a Pong without its payload."""
    return lambda data: original(b"")


@mutant(f"{FRAMES}.encode_pong", breaks="rfc6455-5.5.3-a1", must_kill={"rfc6455-5.5.3-data-not-utf8"})
def pongs_are_text(original: Any) -> Any:
    """Reads the payload of a Ping as text."""
    return lambda data: original(data.decode("utf-8", "replace").encode()[:125])


@mutant(f"{FRAMES}.encode_pong", breaks="rfc6455-5.5.3-a1", must_kill={"rfc6455-5.5.3-data-longest"})
def pongs_are_cut(original: Any) -> Any:
    """Sends back 124 octets of a Ping at most."""
    return lambda data: original(data[:124])


@mutant(f"{FRAMES}.FrameReader.take", breaks="rfc6455-5.5.3-1", must_kill={"rfc6455-5.5.3-ten-pings"})
def last_ping_of_a_burst(original: Any) -> Any:
    """Answers the last of several Pings that come together, as it may."""

    def take(self: Any) -> bytes | None:
        piece = original(self)
        while piece is not None and self.opcode == PING and self._buffer[self._at : self._at + 1] == b"\x89":
            piece = original(self)
        return piece

    return take


@mutant(f"{FRAMES}.FrameReader.take", breaks="rfc6455-5.5.2-2", must_kill={"rfc6455-5.5.3-ten-pings"})
def first_ping_of_a_burst(original: Any) -> Any:
    """Answers the first of several Pings that come together, and not the last."""

    def take(self: Any) -> bytes | None:
        first = original(self)
        if first is None or self.opcode != PING:
            return first
        while self._buffer[self._at : self._at + 1] == b"\x89":
            if original(self) is None:
                return None
        return first

    return take


@mutant(
    "merkhet_reference.websocket.connection.CONTROL_EVENTS",
    breaks="rfc6455-5.5.3-2",
    must_kill={"rfc6455-5.5.3-unasked-pong-data", "rfc6455-5.5.3-unasked-pong-empty"},
)
def pongs_are_answered(original: Any) -> Any:
    """Answers a Pong by a Pong."""
    return dict.fromkeys(original, original[PING])


@mutant(
    "merkhet_reference.websocket.connection.CONTROL_EVENTS",
    breaks="rfc6455-5.5.3-2",
    must_kill={"rfc6455-5.5.3-unasked-pong-data", "rfc6455-5.5.3-unasked-pong-empty"},
)
def unasked_pongs_refused(original: Any) -> Any:
    """Fails a connection with a Pong that it has not asked for."""

    def refuse(data: bytes) -> Any:
        raise close.protocol_error("nobody asked")

    return {**original, PONG: refuse}


@mutant(
    "merkhet_reference.websocket_channel.WebSocketChannel.is_held_back",
    breaks="rfc6455-5.5.2-3",
    must_kill={"rfc6455-5.5.2-ping-while-blocked"},
)
def pings_wait_for_the_application(original: Any) -> Any:
    """Reads nothing while the application is busy, Pings too."""
    return lambda self: original(self) or not self.session.is_quiet


@mutant(f"{FRAMES}.encode_pong", breaks="rfc6455-5.5.3-a1", must_kill={"rfc6455-5.5.3-data-empty"})
def pongs_are_never_empty(original: Any) -> Any:
    """Puts something into a Pong to a Ping without a payload."""
    return lambda data: original(data or b"pong")
