"""RFC 7692: compression of messages, one rule broken at a time, in what is agreed and in what is done."""

from __future__ import annotations

import dataclasses
import re
import zlib
from typing import Any

from mutation import mutant

from merkhet_reference.websocket import assembly, close, deflate, events, frames, sending, utf8

DEFLATE = "merkhet_reference.websocket.deflate"
ACCEPT = f"{DEFLATE}.accept"
AGREE = f"{DEFLATE}.agree"
INFLATE = f"{DEFLATE}.Inflater.inflate"
FIRST = "merkhet_reference.websocket.frames.FIRST_OCTET"
ASSEMBLY = "merkhet_reference.websocket.assembly"
COMPRESSION = "merkhet_reference.websocket.sending.Compression"
TAKEOVERS = frozenset((deflate.SERVER_NO_CONTEXT, deflate.CLIENT_NO_CONTEXT))
KNOWN = TAKEOVERS | {deflate.SERVER_BITS, deflate.CLIENT_BITS}


class Anything(utf8.Utf8Check):
    """Stands where text is looked at, and looks at nothing."""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Take the octets."""


class Unlooked(assembly.Assembler):
    """Puts U+FFFD where text that was compressed is no UTF-8."""

    def _begin(self, reader: frames.FrameReader) -> None:
        super()._begin(reader)
        if self._is_compressed:
            self._check = Anything()

    def _end(self, reader: frames.FrameReader) -> events.Message:
        if self._is_text and self._is_compressed:
            self._content = bytearray(self._content.decode("utf-8", "replace").encode())
        return super()._end(reader)


class Whatever(sending.Compression):
    """Compresses every message, and an empty one to nothing."""

    def __init__(self, agreed: deflate.Agreed, settings: deflate.Settings) -> None:
        super().__init__(agreed, dataclasses.replace(settings, bytes_min=0))

    def text(self, payload: bytes) -> bytes:
        """Return the frame of a text message."""
        return super().text(payload) if payload else frames.encode(frames.Opcode.TEXT, b"", is_compressed=True)


def answering(original: Any, change: Any) -> Any:
    """Let `change` have what is agreed: the agreement and what was offered in, an agreement out."""
    return lambda offered, settings: change(original(offered, settings), offered)


def saying(agreed: Any, *parameters: bytes) -> Any:
    return dataclasses.replace(agreed, parameters=parameters)


def without(agreed: Any, name: bytes) -> Any:
    return saying(agreed, *(said for said in agreed.parameters if not said.startswith(name)))


# --- what is offered


@mutant(AGREE, breaks="rfc7692-7-1-a1", must_kill={"rfc7692-7-unknown-parameter", "rfc7692-7-unknown-near"})
def unknown_parameters_passed_over(original: Any) -> Any:
    """Passes over parameters of an offer that it does not know."""

    def known(offer: Any) -> Any:
        return offer._replace(parameters=tuple(pair for pair in offer.parameters if pair[0] in KNOWN))

    return lambda offers, settings: original([known(offer) for offer in offers], settings)


@mutant(AGREE, breaks="rfc7692-7-1-a3", must_kill={"rfc7692-7-twice-server-bits", "rfc7692-7-twice-client-takeover"})
def doubled_parameters_taken(original: Any) -> Any:
    """Lets the last of two parameters of one name count."""

    def once(offer: Any) -> Any:
        return offer._replace(parameters=tuple(dict(offer.parameters).items()))

    return lambda offers, settings: original([once(offer) for offer in offers], settings)


@mutant(f"{DEFLATE}.is_valid", breaks="rfc7692-7-1-a2", must_kill={"rfc7692-7-invalid-server-takeover-value"})
def takeover_with_a_value(original: Any) -> Any:
    """Does not look whether the parameters that switch takeover off have a value."""
    return lambda name, value: name in TAKEOVERS or original(name, value)


@mutant(
    f"{DEFLATE}.BITS",
    breaks="rfc7692-7-1-a2",
    must_kill={"rfc7692-7-invalid-server-bits-7", "rfc7692-7-invalid-client-bits-16"},
)
def any_number_of_bits(original: Any) -> Any:
    """Takes any number for the size of a window."""
    return re.compile(rb"[0-9]{1,9}\Z")


@mutant(f"{DEFLATE}.is_valid", breaks="rfc7692-7-1-a2", must_kill={"rfc7692-7-invalid-server-bits-none"})
def server_bits_without_a_value(original: Any) -> Any:
    """Takes server_max_window_bits without a value, and passes over it."""
    return lambda name, value: (name == deflate.SERVER_BITS and value is None) or original(name, value)


@mutant(
    AGREE,
    breaks="rfc7692-7-1-a2",
    must_kill={"rfc7692-7-invalid-server-bits-word", "rfc7692-7-invalid-client-bits-word"},
)
def invalid_parameters_passed_over(original: Any) -> Any:
    """Passes over a parameter whose value is none that it may have, and takes the rest of the offer."""

    def valid(offer: Any) -> Any:
        kept = (pair for pair in offer.parameters if pair[0] not in KNOWN or deflate.is_valid(*pair))
        return offer._replace(parameters=tuple(kept))

    return lambda offers, settings: original([valid(offer) for offer in offers], settings)


@mutant(AGREE, breaks="rfc7692-5-11", must_kill={"rfc7692-5-declined-all"})
def declined_by_name(original: Any) -> Any:
    """Names the extension without parameters where it declines an offer."""

    def agree(offers: Any, settings: Any) -> Any:
        listed = list(offers)
        plain = deflate.Agreed(12, 15, server_context=True, client_context=True)
        return original(listed, settings) or (plain if any(offer.name == deflate.NAME for offer in listed) else None)

    return agree


@mutant(AGREE, breaks="rfc6455-9-1", must_kill={"rfc6455-9-offer"})
def nothing_is_compressed(original: Any) -> Any:
    """Declines compression, as it may."""
    return lambda offers, settings: None


@mutant(AGREE, breaks="rfc7692-5-5", must_kill={"rfc6455-4.2.2-extensions-old"})
def old_name_is_taken(original: Any) -> Any:
    """Takes an offer of the extension under its name of before the standard, and answers with the new one."""

    def renamed(offer: Any) -> Any:
        return offer._replace(name=deflate.NAME) if offer.name == b"x-webkit-deflate-frame" else offer

    return lambda offers, settings: original([renamed(offer) for offer in offers], settings)


# --- what is answered


@mutant(ACCEPT, breaks="rfc7692-7.1.1.1-a1", must_kill={"rfc7692-7.1.1.1-returned-alone"})
def server_takeover_not_returned(original: Any) -> Any:
    """Does as server_no_context_takeover asks, and does not say so."""
    return answering(original, lambda agreed, offered: without(agreed, deflate.SERVER_NO_CONTEXT))


@mutant(ACCEPT, breaks="rfc7692-7.2.1-10", must_kill={"rfc7692-7.2.1-frames-takeover"})
def server_takeover_said_only(original: Any) -> Any:
    """Says server_no_context_takeover, and refers to earlier messages all the same."""
    return answering(original, lambda agreed, offered: dataclasses.replace(agreed, server_context=True))


@mutant(ACCEPT, breaks="rfc7692-7.1.1.1-3", must_kill={"rfc7692-7.1.1.1-unasked"})
def server_takeover_unasked(original: Any) -> Any:
    """Says server_no_context_takeover unasked, as it may."""

    def change(agreed: Any, offered: Any) -> Any:
        fresh = dataclasses.replace(agreed, server_context=False)
        return saying(without(fresh, deflate.SERVER_NO_CONTEXT), *agreed.parameters, deflate.SERVER_NO_CONTEXT)

    return lambda offered, settings: (
        original(offered, settings)
        if deflate.SERVER_NO_CONTEXT in offered
        else change(original(offered, settings), offered)
    )


@mutant(ACCEPT, breaks="rfc7692-7.1.1.2-2", must_kill={"rfc7692-7.1.1.2-unasked"})
def client_takeover_unasked(original: Any) -> Any:
    """Asks clients for client_no_context_takeover."""
    return lambda offered, settings: original(offered, dataclasses.replace(settings, client_context=False))


@mutant(ACCEPT, breaks="rfc7692-7-a2", must_kill={"rfc7692-7-well-formed-client-takeover"})
def takeover_said_with_a_value(original: Any) -> Any:
    """Gives client_no_context_takeover a value."""

    def change(agreed: Any, offered: Any) -> Any:
        return saying(
            agreed, *(said + b"=true" if said == deflate.CLIENT_NO_CONTEXT else said for said in agreed.parameters)
        )

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7-a2", must_kill={"rfc7692-7-well-formed-client-takeover"})
def takeover_said_twice(original: Any) -> Any:
    """Says client_no_context_takeover twice."""

    def change(agreed: Any, offered: Any) -> Any:
        twice = (deflate.CLIENT_NO_CONTEXT,) * (deflate.CLIENT_NO_CONTEXT in agreed.parameters)
        return saying(agreed, *agreed.parameters, *twice)

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7.2.2-5", must_kill={"rfc7692-7.2.2-hint-not-taken"})
def forgets_and_does_not_say_so(original: Any) -> Any:
    """Takes client_no_context_takeover for settled when it is offered, and leaves it out of the answer."""
    return answering(original, lambda agreed, offered: without(agreed, deflate.CLIENT_NO_CONTEXT))


@mutant(ACCEPT, breaks="rfc7692-7.1.2.1-a1", must_kill={"rfc7692-7.1.2.1-bits-8", "rfc7692-7.1.2.1-bits-9"})
def server_bits_not_returned(original: Any) -> Any:
    """Does as server_max_window_bits asks, and does not say so."""
    return answering(original, lambda agreed, offered: without(agreed, deflate.SERVER_BITS))


@mutant(ACCEPT, breaks="rfc7692-7.1.2.1-a1", must_kill={"rfc7692-7.1.2.1-bits-8", "rfc7692-7.1.2.1-bits-9"})
def server_bits_of_its_own(original: Any) -> Any:
    """Answers server_max_window_bits with 15, whatever is asked for."""

    def change(agreed: Any, offered: Any) -> Any:
        if deflate.SERVER_BITS not in offered:
            return agreed
        return saying(without(agreed, deflate.SERVER_BITS), b"server_max_window_bits=15")

    return answering(original, change)


@mutant(f"{DEFLATE}.new_compressor", breaks="rfc7692-7.2.1-14", must_kill={"rfc7692-7.2.1-frames-window"})
def server_bits_said_only(original: Any) -> Any:
    """Compresses with the largest window, whatever is agreed."""
    return lambda bits, level: original(deflate.BITS_MAX, level)


@mutant(ACCEPT, breaks="rfc7692-7.1.2.1-3", must_kill={"rfc7692-7.1.2.1-bits-9"})
def bits_with_a_zero(original: Any) -> Any:
    """Writes the size of a window in two digits."""

    def change(agreed: Any, offered: Any) -> Any:
        return saying(agreed, *(re.sub(rb"=([89])\Z", rb"=0\1", said) for said in agreed.parameters))

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7.1.2.1-4", must_kill={"rfc7692-7.1.2.1-unasked"})
def server_bits_unasked(original: Any) -> Any:
    """Says server_max_window_bits unasked, as it may."""

    def change(agreed: Any, offered: Any) -> Any:
        own = () if deflate.SERVER_BITS in offered else (b"server_max_window_bits=12",)
        return saying(agreed, *agreed.parameters, *own)

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7.1.2.2-5", must_kill={"rfc7692-7.1.2.2-not-offered-plain"})
def client_bits_unasked(original: Any) -> Any:
    """Says client_max_window_bits to clients that have not offered it."""

    def change(agreed: Any, offered: Any) -> Any:
        own = () if deflate.CLIENT_BITS in offered else (b"client_max_window_bits=15",)
        return saying(agreed, *agreed.parameters, *own)

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7.1.2.2-4", must_kill={"rfc7692-7.1.2.2-number"})
def client_bits_without_a_value(original: Any) -> Any:
    """Says client_max_window_bits without a value."""

    def change(agreed: Any, offered: Any) -> Any:
        own = (deflate.CLIENT_BITS,) if deflate.CLIENT_BITS in offered else ()
        return saying(without(agreed, deflate.CLIENT_BITS), *without(agreed, deflate.CLIENT_BITS).parameters, *own)

    return answering(original, change)


@mutant(ACCEPT, breaks="rfc7692-7.1.2.2-3", must_kill={"rfc7692-7.1.2.2-hint-10"})
def hints_not_taken(original: Any) -> Any:
    """Leaves it to clients what window they use, as it may."""
    return lambda offered, settings: original(
        {name: None if name == deflate.CLIENT_BITS else value for name, value in offered.items()}, settings
    )


# --- what comes


@mutant(FIRST, breaks="rfc7692-6.1-4", must_kill={"rfc7692-6.1-rsv1-ping", "rfc7692-6.1-rsv1-close"})
def rsv1_on_control_frames(original: Any) -> Any:
    """Takes RSV1 in control frames where compression is agreed."""
    return {
        (deflates, in_message): tuple(
            faults[octet & ~frames.RSV1 if deflates and octet & frames.CONTROL else octet] for octet in range(256)
        )
        for (deflates, in_message), faults in original.items()
    }


@mutant(FIRST, breaks="rfc7692-6.1-4", must_kill={"rfc7692-6.1-rsv1-continuation", "rfc7692-6.1-rsv1-late"})
def rsv1_on_continuations(original: Any) -> Any:
    """Takes RSV1 in continuations where compression is agreed."""
    return {
        (deflates, in_message): tuple(
            faults[octet & ~frames.RSV1 if deflates and not octet & frames.OPCODE else octet] for octet in range(256)
        )
        for (deflates, in_message), faults in original.items()
    }


@mutant(f"{ASSEMBLY}.Assembler.take", breaks="rfc7692-6.2-2", must_kill={"rfc7692-6.2-plain-text"})
def plain_messages_refused(original: Any) -> Any:
    """Refuses a message that is not compressed where compression is agreed."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        if self._agreed is not None and not self._is_begun and not reader.is_compressed:
            raise close.protocol_error("this is not compressed")
        return original(self, reader, piece)

    return take


@mutant(f"{ASSEMBLY}.Assembler._begin", breaks="rfc7692-6.2-2", must_kill={"rfc7692-6.2-plain-fragments"})
def all_fragments_are_inflated(original: Any) -> Any:
    """Inflates every message in fragments where compression is agreed."""

    def _begin(self: Any, reader: Any) -> None:
        original(self, reader)
        self._is_compressed = self._agreed is not None

    return _begin


@mutant(INFLATE, breaks="rfc7692-7.2.2-4", must_kill={"rfc7692-7.2.2-kept", "rfc7692-7.2.2-kept-ten"})
def window_is_not_kept(original: Any) -> Any:
    """Forgets its window behind every message."""

    def inflate(self: Any, data: bytes, bytes_max: int, *, ends: bool) -> bytes:
        self._context = False
        return original(self, data, bytes_max, ends=ends)

    return inflate


@mutant(INFLATE, breaks="rfc7692-6.2-1", must_kill={"rfc7692-6.2-text-two-fragments"})
def each_fragment_is_inflated(original: Any) -> Any:
    """Inflates each fragment of a message by itself."""
    return lambda self, data, bytes_max, *, ends: original(self, data, bytes_max, ends=True)


@mutant(f"{DEFLATE}.Inflater.__init__", breaks="rfc7692-7.2.2-9", must_kill={"rfc7692-7.2.2-distance-32768"})
def inflates_with_a_small_window(original: Any) -> Any:
    """Inflates with a window of 512 octets."""
    return lambda self, agreed: original(self, dataclasses.replace(agreed, client_bits=9))


@mutant(f"{DEFLATE}.Inflater._take_over", breaks="rfc7692-7.2.1-3", must_kill={"rfc7692-7.2.1-final-fixed"})
def final_blocks_refused(original: Any) -> Any:
    """Refuses a block that says that it is the last one."""

    def _take_over(self: Any, restarts: int) -> None:
        raise close.invalid_data("a final block")

    return _take_over


@mutant(f"{DEFLATE}.Inflater._take_over", breaks="rfc7692-7.2.1-3", must_kill={"rfc7692-7.2.1-final-keeps-window"})
def final_blocks_end_the_window(original: Any) -> Any:
    """Forgets its window at a block that says that it is the last one."""

    def _take_over(self: Any, restarts: int) -> None:
        original(self, restarts)
        self._decompressor = zlib.decompressobj(-self._bits)

    return _take_over


@mutant(f"{DEFLATE}.Inflater._run", breaks="rfc7692-7.2.1-3", must_kill={"rfc7692-7.2.1-final-then-block"})
def final_blocks_end_the_message(original: Any) -> Any:
    """Throws away what stands behind a block that says that it is the last one."""

    def _run(self: Any, data: bytes, bytes_max: int, inflated: bytearray) -> bool:
        looked = self._decompressor.copy()
        looked.decompress(data)
        return original(self, data[: len(data) - len(looked.unused_data)] if looked.eof else data, bytes_max, inflated)

    return _run


@mutant(INFLATE, breaks="rfc7692-6.2-a1", must_kill={"rfc7692-6.2-garbage"})
def garbage_is_nothing(original: Any) -> Any:
    """Takes what is no DEFLATE for an empty message."""

    def inflate(self: Any, data: bytes, bytes_max: int, *, ends: bool) -> bytes:
        try:
            return original(self, data, bytes_max, ends=ends)
        except close.Violation:
            self._decompressor = zlib.decompressobj(-self._bits)
            return b""

    return inflate


@mutant(f"{ASSEMBLY}.Assembler", breaks="rfc7692-6.2-a1", must_kill={"rfc7692-6.2-not-utf8"})
def inflated_text_not_looked_at(original: Any) -> Any:
    """Puts U+FFFD where text that was compressed is no UTF-8, and goes on."""
    return Unlooked


# --- what is sent


@mutant(f"{DEFLATE}.Deflater.deflate", breaks="rfc7692-6.1-1", must_kill={"rfc7692-6.1-frames-broken"})
def tail_is_left(original: Any) -> Any:
    """Leaves the four octets of the last empty block where they are."""
    return lambda self, data: original(self, data) + deflate.EMPTY_BLOCK


@mutant(f"{COMPRESSION}.text", breaks="rfc7692-6.1-1", must_kill={"rfc7692-5-alone-long"})
def compressed_without_the_bit(original: Any) -> Any:
    """Leaves out RSV1 where it compresses text."""
    return lambda self, payload: frames.encode(frames.Opcode.TEXT, self._deflater.deflate(payload))


@mutant(f"{COMPRESSION}.text", breaks="rfc7692-6.1-1", must_kill={"rfc7692-6.1-frames-broken"})
def bit_without_compression(original: Any) -> Any:
    """Sets RSV1 where it sends text as it is."""
    return lambda self, payload: frames.encode(frames.Opcode.TEXT, payload, is_compressed=True)


@mutant(f"{COMPRESSION}.text", breaks="rfc7692-6.1-3", must_kill={"rfc7692-6.1-frames-rsv1"})
def bit_on_every_fragment(original: Any) -> Any:
    """Sends compressed text in two fragments, and sets RSV1 in both."""

    def text(self: Any, payload: bytes) -> bytes:
        deflated = self._deflater.deflate(payload)
        first = frames.encode(frames.Opcode.TEXT, deflated[:2], is_last=False, is_compressed=True)
        return first + frames.encode(frames.Opcode.CONTINUATION, deflated[2:], is_compressed=True)

    return text


@mutant(f"{COMPRESSION}.text", breaks="rfc7692-7.2.1-5", must_kill={"rfc7692-6.1-frames-broken"})
def fragments_compressed_apart(original: Any) -> Any:
    """Sends compressed text in two fragments, each compressed by itself."""

    def text(self: Any, payload: bytes) -> bytes:
        half = len(payload) // 2
        first, last = self._deflater.deflate(payload[:half]), self._deflater.deflate(payload[half:])
        begin = frames.encode(frames.Opcode.TEXT, first, is_last=False, is_compressed=True)
        return begin + frames.encode(frames.Opcode.CONTINUATION, last)

    return text


@mutant(COMPRESSION, breaks="rfc7692-7.2.1-a1", must_kill={"rfc7692-6.1-bit-empty"})
def empty_messages_are_nothing(original: Any) -> Any:
    """Compresses every message, and an empty one to nothing at all, where one octet is needed."""
    return Whatever


@mutant(f"{DEFLATE}.Agreed.encode", breaks="rfc7692-7-a2", must_kill={"rfc7692-7-well-formed-plain"})
def answers_end_in_a_semicolon(original: Any) -> Any:
    """Ends its answer to an offer with a semicolon."""
    return lambda self: original(self) + b";"


@mutant(f"{DEFLATE}.Agreed.encode", breaks="rfc7692-7-a2", must_kill={"rfc7692-7-well-formed-server-takeover"})
def server_takeover_said_twice(original: Any) -> Any:
    """Says server_no_context_takeover twice."""
    name = deflate.SERVER_NO_CONTEXT
    return lambda self: original(self).replace(name, name + b"; " + name)


@mutant(f"{DEFLATE}.Agreed.encode", breaks="rfc7692-7.1.2.1-3", must_kill={"rfc7692-7.1.2.1-number"})
def server_bits_in_quotes_and_space(original: Any) -> Any:
    """Writes a number of bits with a space within its quotes."""
    return lambda self: re.sub(rb"bits=([0-9]+)", rb'bits="\1 "', original(self))
