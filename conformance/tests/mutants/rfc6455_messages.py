"""RFC 6455, Sections 5.4, 5.6, 6 and 8: messages and their text, one rule broken at a time."""

from __future__ import annotations

import re
from typing import Any

from mutation import mutant

from merkhet_reference.websocket import assembly, close, events, frames, utf8

ASSEMBLY = "merkhet_reference.websocket.assembly"
TAKE = f"{ASSEMBLY}.Assembler.take"
DECODE = "merkhet_reference.websocket.utf8.decode"
PAYLOAD = "merkhet_reference.websocket.sending.payload_of"
TEXT, BINARY = frames.Opcode.TEXT, frames.Opcode.BINARY
OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}")


class Anything(utf8.Utf8Check):
    """Stands where text is looked at, and looks at nothing."""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Take the octets."""


class Unended(utf8.Utf8Check):
    """Looks at text, and not at whether its last character is whole."""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """Take the octets."""
        super().feed(data)


class Lenient(assembly.Assembler):
    """Puts U+FFFD where text that comes in pieces is no UTF-8."""

    check: type[utf8.Utf8Check] = Anything

    def _begin(self, reader: frames.FrameReader) -> None:
        super()._begin(reader)
        self._check = self.check()

    def _end(self, reader: frames.FrameReader) -> events.Message:
        if self._is_text:
            self._content = self._mended(self._content)
        return super()._end(reader)

    def _mended(self, content: bytearray) -> bytearray:
        return bytearray(content.decode("utf-8", "replace").encode())


class CutOff(Lenient):
    """Puts U+FFFD where text that comes in pieces ends within a character."""

    check = Unended


class Late(Lenient):
    """Looks at text that comes in pieces when all of it is there."""

    def _mended(self, content: bytearray) -> bytearray:
        utf8.decode(bytes(content))
        return content


# --- fragments


@mutant(TAKE, breaks="rfc6455-5.4-3", must_kill={"rfc6455-5.4-fragments-2-text"})
def last_fragment_first(original: Any) -> Any:
    """Puts the last fragment of a message before the others."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        is_last = reader.has_ended and reader.is_last_frame and reader.opcode == frames.Opcode.CONTINUATION
        if is_last and self._is_begun and not self._is_compressed:
            piece, self._content = piece + bytes(self._content), bytearray()
        return original(self, reader, piece)

    return take


@mutant(TAKE, breaks="rfc6455-5.4-3", must_kill={"rfc6455-5.4-fragments-3-text", "rfc6455-5.4-fragments-13-binary"})
def middle_fragments_lost(original: Any) -> Any:
    """Joins the first fragment of a message and the last."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        is_middle = self._is_begun and reader.opcode == frames.Opcode.CONTINUATION and not reader.is_last_frame
        return original(self, reader, b"" if is_middle else piece)

    return take


@mutant(TAKE, breaks="rfc6455-5.4-7", must_kill={"rfc6455-5.4-fragments-2-text"})
def each_fragment_is_a_message(original: Any) -> Any:
    """Takes the first fragment of a message for the whole of it, and the others for binary messages."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        is_first = reader.opcode != frames.Opcode.CONTINUATION and not reader.is_last_frame
        if is_first and reader.has_ended and piece.isascii():
            return original(self, Ended(reader), piece)
        return original(self, reader, piece)

    return take


class Ended:
    """A reader at a fragment, as if that were the last."""

    def __init__(self, reader: Any) -> None:
        self.opcode, self.is_compressed, self.room = reader.opcode, reader.is_compressed, reader.room
        self.has_ended = self.is_last_frame = True


@mutant(
    "merkhet_reference.websocket.connection.Connection._take_control",
    breaks="rfc6455-5.4-5",
    must_kill={"rfc6455-5.4-between-ping", "rfc6455-5.4-between-pong"},
)
def control_frames_end_messages(original: Any) -> Any:
    """Forgets what came of a message when a control frame comes between its fragments."""

    def _take_control(self: Any, payload: bytes) -> Any:
        content = self._assembler._content
        if content.isascii():  # what is left of a character would be none
            content.clear()
        return original(self, payload)

    return _take_control


@mutant(TAKE, breaks="rfc6455-5.4-6", must_kill={"rfc6455-5.4-empty-first-text", "rfc6455-5.4-empty-first-binary"})
def empty_first_fragment_is_all(original: Any) -> Any:
    """Takes an empty first fragment for an empty message."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        is_first = not self._is_begun and reader.has_ended and not reader.is_last_frame
        return original(self, Ended(reader) if is_first and not piece else reader, piece)

    return take


@mutant(TAKE, breaks="rfc6455-5.4-6", must_kill={"rfc6455-5.4-empty-middle-binary", "rfc6455-5.4-empty-last-text"})
def empty_fragments_refused(original: Any) -> Any:
    """Refuses an empty continuation."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        if self._is_begun and reader.has_ended and not piece:
            raise close.protocol_error("a fragment is empty")
        return original(self, reader, piece)

    return take


@mutant(TAKE, breaks="rfc6455-5.4-7", must_kill={"rfc6455-5.4-fragments-26-text"})
def ten_fragments_at_most(original: Any) -> Any:
    """Refuses a message in more than ten fragments."""

    def take(self: Any, reader: Any, piece: bytes) -> Any:
        if self._is_begun and self._fragments > 10:
            raise close.too_big("too many fragments")
        return original(self, reader, piece)

    return take


@mutant(f"{ASSEMBLY}.Assembler._begin", breaks="rfc6455-6.2-3", must_kill={"rfc6455-5.4-fragments-2-text"})
def fragmented_text_is_binary(original: Any) -> Any:
    """Takes every message in fragments for binary."""

    def _begin(self: Any, reader: Any) -> None:
        original(self, reader)
        self._is_text = self._is_text and reader.is_last_frame

    return _begin


@mutant(f"{ASSEMBLY}.Assembler._end", breaks="rfc6455-6.2-4", must_kill={"rfc6455-6.2-new-fragments-behind-fragments"})
def fragments_are_kept(original: Any) -> Any:
    """Keeps the octets of a message in fragments for the next such message."""

    def _end(self: Any, reader: Any) -> Any:
        content = bytes(self._content)
        message = original(self, reader)
        self._content += content
        return message

    return _end


@mutant("merkhet_reference.session.Session.send", breaks="rfc6455-6.1-1", must_kill={"rfc6455-6.1-type-text-empty"})
def empty_messages_lost(original: Any) -> Any:
    """Sends no empty messages."""
    return lambda self, data, *, waits: original(self, data, waits=waits) if data else True


@mutant(PAYLOAD, breaks="rfc6455-6.1-5", must_kill={"rfc6455-5.4-type-binary-like-text"})
def octets_of_text_are_text(original: Any) -> Any:
    """Sends whatever is UTF-8 as text."""

    def payload_of(data: str | bytes) -> Any:
        opcode, payload = original(data)
        try:
            payload.decode("utf-8")
        except UnicodeDecodeError:
            return opcode, payload
        return TEXT, payload

    return payload_of


@mutant(PAYLOAD, breaks="rfc6455-6.1-5", must_kill={"rfc6455-5.6-utf8-u00e9", "rfc6455-5.6-utf8-u1f600"})
def only_ascii_is_text(original: Any) -> Any:
    """Sends text as binary where it is not ASCII."""

    def payload_of(data: str | bytes) -> Any:
        opcode, payload = original(data)
        return (opcode if payload.isascii() else BINARY), payload

    return payload_of


@mutant(PAYLOAD, breaks="rfc6455-5.6-1", must_kill={"rfc6455-5.6-utf8-u00e9", "rfc6455-5.6-frames-text-utf8"})
def text_in_latin_1(original: Any) -> Any:
    """Sends text in ISO 8859-1 where it can."""

    def payload_of(data: str | bytes) -> Any:
        opcode, payload = original(data)
        if isinstance(data, str) and max(data, default="") < "\u0100":
            payload = data.encode("latin-1")
        return opcode, payload

    return payload_of


@mutant(PAYLOAD, breaks="rfc6455-6.1-1", must_kill={"rfc6455-5.6-utf8-mark-first"})
def marks_are_dropped(original: Any) -> Any:
    """Drops a byte order mark at the beginning of a text."""
    return lambda data: original(data.removeprefix("\ufeff") if isinstance(data, str) else data)


@mutant(PAYLOAD, breaks="rfc6455-6.1-1", must_kill={"rfc6455-5.6-utf8-u0000"})
def text_ends_at_nul(original: Any) -> Any:
    """Takes U+0000 for the end of a text, as C does."""
    return lambda data: original(data.partition("\0")[0] if isinstance(data, str) else data)


@mutant(PAYLOAD, breaks="rfc6455-6.1-1", must_kill={"rfc6455-5.6-utf8-composed"})
def text_is_normalised(original: Any) -> Any:
    """Composes letters and accents in the text that it sends."""
    import unicodedata

    return lambda data: original(unicodedata.normalize("NFC", data) if isinstance(data, str) else data)


@mutant(PAYLOAD, breaks="rfc6455-6.1-1", must_kill={"rfc6455-5.6-utf8-line-ends"})
def line_ends_are_changed(original: Any) -> Any:
    """Makes every line end of a text LF."""
    return lambda data: original(data.replace("\r\n", "\n").replace("\r", "\n") if isinstance(data, str) else data)


# --- text that is no UTF-8


@mutant(DECODE, breaks="rfc6455-8.1-1", must_kill={"rfc6455-8.1-ff", "rfc6455-8.1-latin-1", "rfc6455-8.1-cut-off-2"})
def invalid_text_taken(original: Any) -> Any:
    """Puts U+FFFD where text in one frame is no UTF-8, and goes on."""
    return lambda data: data.decode("utf-8", "replace")


@mutant(
    f"{ASSEMBLY}.Assembler",
    breaks="rfc6455-8.1-1",
    must_kill={"rfc6455-8.1-above-10ffff-across", "rfc6455-8.1-cut-off-2-fragments"},
)
def invalid_text_in_fragments_taken(original: Any) -> Any:
    """Puts U+FFFD where text in fragments is no UTF-8, and goes on."""
    return Lenient


@mutant(
    "merkhet_reference.websocket.utf8.Utf8Check.feed",
    breaks="rfc6455-5.6-1",
    must_kill={"rfc6455-5.6-utf8-u00e9-cut", "rfc6455-5.6-utf8-u1f600-cut"},
)
def each_fragment_is_utf8(original: Any) -> Any:
    """Wants every fragment to be UTF-8 by itself."""
    return lambda self, data, *, final=False: original(self, data, final=True)


@mutant(
    f"{ASSEMBLY}.Assembler",
    breaks="rfc6455-8.1-1",
    must_kill={"rfc6455-8.1-cut-off-2-fragments"},
)
def cut_off_text_taken(original: Any) -> Any:
    """Looks at the octets of text in fragments and not at whether the last character is whole."""
    return CutOff


@mutant(
    f"{ASSEMBLY}.Assembler",
    breaks="rfc6455-8.1-1",
    must_kill={"rfc6455-8.1-when-first-fragment"},
)
def text_is_looked_at_last(original: Any) -> Any:
    """Looks at text in fragments when all of it is there."""
    return Late


@mutant(DECODE, breaks="rfc6455-8.1-1", must_kill={"rfc6455-8.1-surrogate-pair"})
def surrogate_pairs_taken(original: Any) -> Any:
    """Takes two surrogates for the character that they are in UTF-16, as CESU-8 has it; one alone is U+FFFD."""
    return lambda data: (
        data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if b"\xed" in data
        else original(data)
    )


@mutant(DECODE, breaks="rfc6455-8.1-1", must_kill={"rfc6455-8.1-overlong-2-nul", "rfc6455-8.1-overlong-3-slash"})
def overlong_text_taken(original: Any) -> Any:
    """Takes a character in more octets than it needs."""

    def plain(found: re.Match[bytes]) -> bytes:
        number = found[0][0] & (0x3F >> len(found[0]) - 1)
        for octet in found[0][1:]:
            number = number << 6 | octet & 0x3F
        return chr(number).encode()

    return lambda data: original(OVERLONG.sub(plain, data))


@mutant(DECODE, breaks="rfc6455-8.1-1", must_kill={"rfc6455-8.1-above-10ffff", "rfc6455-8.1-lead-f5"})
def text_above_10ffff_taken(original: Any) -> Any:
    """Takes four octets for a character, also where Unicode has none, and sends U+FFFD."""
    return lambda data: original(
        re.sub(rb"(?:\xf4[\x90-\xbf]|[\xf5-\xf7][\x80-\xbf])[\x80-\xbf]{2}", b"\xef\xbf\xbd", data)
    )


@mutant(
    f"{ASSEMBLY}.Message", breaks="rfc6455-6.2-3", must_kill={"rfc6455-6.2-binary-ff", "rfc6455-6.2-binary-latin-1"}
)
def binary_is_looked_at(original: Any) -> Any:
    """Refuses a binary message that is no UTF-8."""

    def message(data: str | bytes) -> Any:
        if isinstance(data, bytes):
            utf8.decode(data)
        return original(data)

    return message


@mutant(PAYLOAD, breaks="rfc6455-6.1-5", must_kill={"rfc6455-6.2-length-1-text-whole"})
def short_text_is_binary(original: Any) -> Any:
    """Sends text of one letter, and of five, as binary."""

    def payload_of(data: str | bytes) -> Any:
        opcode, payload = original(data)
        return (BINARY if len(payload) in {1, 5} else opcode), payload

    return payload_of


@mutant(PAYLOAD, breaks="rfc6455-6.1-5", must_kill={"rfc6455-6.1-type-text", "rfc6455-5.4-type-text"})
def text_is_binary(original: Any) -> Any:
    """Sends every message as binary."""
    return lambda data: (BINARY, original(data)[1])
