"""RFC 6455, Sections 5.5.1 and 7: how a WebSocket ends, one rule broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference.websocket import close, connection, events, frames

CLOSE = "merkhet_reference.websocket.close"
CONNECTION = "merkhet_reference.websocket.connection"
CHANNEL = "merkhet_reference.websocket_channel.WebSocketChannel"
UNEVENTFUL = frozenset((close.NO_STATUS, close.NORMAL))


@mutant(
    f"{CONNECTION}.answer_to",
    breaks="rfc6455-5.5.1-6",
    must_kill={"rfc6455-5.5.1-close-1012", "rfc6455-7.4.2-close-4000"},
)
def every_close_is_1000(original: Any) -> Any:
    """Answers every Close with 1000."""
    return lambda code: close.NORMAL


@mutant(
    f"{CONNECTION}.answer_to",
    breaks="rfc6455-5.5.1-6",
    must_kill={"rfc6455-5.5.1-close-1012", "rfc6455-7.4.2-close-4000"},
)
def no_code_is_sent_back(original: Any) -> Any:
    """Answers every Close with one without a body."""
    return lambda code: close.NO_STATUS


@mutant(f"{CLOSE}.body", breaks="rfc6455-7.4.1-3", must_kill={"rfc6455-7.4.1-frames-close-1005"})
def no_status_is_written(original: Any) -> Any:
    """Writes 1005 where it has no code to say, or nothing but that all is well."""
    return lambda code, reason="": b"\x03\xed" if code in UNEVENTFUL and not reason else original(code, reason)


@mutant(f"{CLOSE}.body", breaks="rfc6455-5.5.1-2", must_kill={"rfc6455-5.5.1-frames-close-body"})
def half_a_code_is_written(original: Any) -> Any:
    """Writes one octet where it has no code to say, or nothing but that all is well."""
    return lambda code, reason="": b"\x03" if code in UNEVENTFUL and not reason else original(code, reason)


@mutant(f"{CLOSE}.body", breaks="rfc6455-7.1.2-1", must_kill={"rfc6455-7.1.2-push-reason-longest"})
def reasons_are_short(original: Any) -> Any:
    """Cuts a reason after 60 octets."""
    return lambda code, reason="": original(code, reason)[:62]


@mutant(f"{CLOSE}.body", breaks="rfc6455-7.1.2-1", must_kill={"rfc6455-7.1.2-push-1000"})
def reasons_are_kept(original: Any) -> Any:
    """Leaves out the reason that it is given."""
    return lambda code, reason="": original(code)


@mutant(f"{CLOSE}.body", breaks="rfc6455-5.5.1-2", must_kill={"rfc6455-7.1.2-push-reason-utf8"})
def reasons_in_utf_16(original: Any) -> Any:
    """Writes a reason that is not ASCII in UTF-16."""
    return lambda code, reason="": (
        original(code, reason) if reason.isascii() else original(code) + reason.encode("utf-16-be")
    )


@mutant(f"{CLOSE}.parse_body", breaks="rfc6455-5.5.1-3", must_kill={"rfc6455-5.5.1-bad-reason-ff"})
def invalid_reasons_taken(original: Any) -> Any:
    """Takes a Close whose reason is no UTF-8."""
    return lambda body: original(body[:2] + body[2:].decode("utf-8", "replace").encode())


@mutant(f"{CLOSE}.parse_body", breaks="rfc6455-5.5.1-3", must_kill={"rfc6455-5.5.1-reason-ascii"})
def reasons_are_refused(original: Any) -> Any:
    """Refuses a Close with a reason."""

    def parse_body(body: bytes) -> Any:
        if len(body) > 2:
            raise close.protocol_error("a reason")
        return original(body)

    return parse_body


@mutant(
    f"{CLOSE}.may_come",
    breaks="rfc6455-7.4.2-a1",
    must_kill={
        "rfc6455-7.4.1-frames-close-1006",
        "rfc6455-7.4.1-frames-close-1015",
        "rfc6455-7.4.2-frames-close-reserved",
    },
)
def any_code_is_sent_back(original: Any) -> Any:
    """Takes any code, and sends it back."""
    return lambda code: True


@mutant(
    f"{CLOSE}.DEFINED", breaks="rfc6455-7.4.2-a1", must_kill={"rfc6455-7.4.2-close-1016", "rfc6455-7.4.2-close-2999"}
)
def reserved_codes_sent_back(original: Any) -> Any:
    """Takes what is reserved from 1016 to 2999 for codes of the protocol."""
    return original | frozenset(range(1016, 3000))


@mutant(f"{CLOSE}.body", breaks="rfc6455-7.4.1-a1", must_kill={"rfc6455-7.1.2-push-1011"})
def internal_error_is_1010(original: Any) -> Any:
    """Says 1010, which is for clients, where it is told to say 1011."""

    def body(code: int, reason: str = "") -> bytes:
        said: bytes = original(code, reason)
        return b"\x03\xf2" + said[2:] if code == close.INTERNAL_ERROR else said

    return body


@mutant(
    f"{CLOSE}.PRIVATE", breaks="rfc6455-7.4.2-a2", must_kill={"rfc6455-7.4.2-close-3000", "rfc6455-7.4.2-close-4999"}
)
def private_codes_refused(original: Any) -> Any:
    """Knows the codes of the protocol alone."""
    return range(0)


@mutant(f"{CLOSE}.DEFINED", breaks="rfc6455-7.4.1-1", must_kill={"rfc6455-5.5.1-close-1012"})
def codes_of_the_rfc_alone(original: Any) -> Any:
    """Refuses the codes that were registered later."""
    return frozenset(code for code in original if code < 1012)


@mutant(f"{CONNECTION}.Connection.close", breaks="rfc6455-5.5.1-6", must_kill={"rfc6455-5.5.1-close-1000"})
def closes_are_not_answered(original: Any) -> Any:
    """Ends the connection at a Close, without one of its own."""

    def close(self: Any, code: int, reason: str = "") -> bytes:
        is_answer = self.state is connection.State.ANSWERING
        frame = original(self, code, reason)
        return b"" if is_answer else frame

    return close


@mutant(f"{CHANNEL}._say_end", breaks="rfc6455-5.5.1-9", must_kill={"rfc6455-5.5.1-push-answered"})
def end_is_left_to_the_client(original: Any) -> Any:
    """Leaves the connection open where its own Close was answered."""
    return lambda self: original(self) if self.session.outlet.last is None else None


@mutant(f"{CHANNEL}._say_end", breaks="rfc6455-5.5.1-8", must_kill={"rfc6455-5.5.1-end-empty"})
def end_waits_for_a_code(original: Any) -> Any:
    """Leaves the connection open behind a Close without a body."""
    return lambda self: None if self._ending and self._ending.code == close.NO_STATUS else original(self)


@mutant(f"{CHANNEL}._say_end", breaks="rfc6455-7.1.7-2a", must_kill={"rfc6455-7.1.1-at-once-opcode"})
def failures_leave_it_open(original: Any) -> Any:
    """Leaves the connection open behind a Close that says that an opcode is reserved."""
    return lambda self: None if self._ending and "opcode" in self._ending.error else original(self)


@mutant(f"{CHANNEL}._say_end", breaks="rfc6455-7.1.1-1", must_kill={"rfc6455-7.1.1-no-reset"})
def closed_by_reset(original: Any) -> Any:
    """Resets the connection behind a Close each way."""

    def _say_end(self: Any) -> None:
        self._reset_on_close()
        self.drop()

    return _say_end


@mutant(f"{CONNECTION}.Connection.next_event", breaks="rfc6455-7.1.7-3", must_kill={"rfc6455-7.1.7-close-first-rsv2"})
def fails_without_a_close(original: Any) -> Any:
    """Hangs up on a reserved bit and on a control frame that must not be, without a Close."""

    def next_event(self: Any) -> Any:
        event = original(self)
        if isinstance(event, events.Failed) and ("bit" in event.why or "control" in event.why):
            return events.Failed(event.code, event.why)
        return event

    return next_event


@mutant(f"{CLOSE}.PROTOCOL_ERROR", breaks="rfc6455-10.7-3", must_kill={"rfc6455-5.1-unmasked-code"})
def every_fault_is_1011(original: Any) -> Any:
    """Says 1011 of a frame that breaks a rule, as if the fault were its own."""
    return close.INTERNAL_ERROR


@mutant(f"{CONNECTION}.TRANSITIONS", breaks="rfc6455-7.3-1", must_kill={"rfc6455-7.1.1-half-closed-idle"})
def half_closed_is_closed_in_words(original: Any) -> Any:
    """Sends a Close to a client that has ended its side without one, as it may."""
    return {**original, (connection.State.OPEN, connection.Move.PEER_ENDED): connection.State.ANSWERING}


@mutant(
    "merkhet_reference.endpoint.WebSocket.close",
    breaks="rfc6455-5.5.1-5",
    must_kill={"rfc6455-5.5.1-push-order-behind"},
)
def goes_on_behind_its_close(original: Any) -> Any:
    """Sends a Close as it sends a message, and goes on."""

    def close(self: Any, code: int = 1000, reason: str = "") -> None:
        self._sender.put(frames.encode_close(code, reason))

    return close


@mutant(
    "merkhet_reference.websocket.frames.FrameReader.take",
    breaks="rfc6455-5.5.1-5",
    must_kill={"rfc6455-5.5.1-text-behind"},
)
def close_comes_last(original: Any) -> Any:
    """Takes a Close for the last of what came with it, and answers what stands behind it first."""

    def take(self: Any) -> bytes | None:
        buffer, at = self._buffer, self._at
        if self.has_ended and buffer[at : at + 1] == b"\x88" and len(buffer) > at + 1:
            end = at + 6 + (buffer[at + 1] & frames.LENGTH)
            if end < len(buffer):
                self._buffer, self._at = buffer[end:] + buffer[at:end], 0
        return original(self)

    return take


@mutant(f"{CONNECTION}.Connection._take_control", breaks="rfc6455-5.5.1-6", must_kill={"rfc6455-5.5.1-within-message"})
def no_close_within_a_message(original: Any) -> Any:
    """Takes no Close between the fragments of a message: it passes over it."""

    def _take_control(self: Any, payload: bytes) -> Any:
        if self._reader.opcode == frames.Opcode.CLOSE and self._reader.in_message:
            return events.Pong(payload)
        return original(self, payload)

    return _take_control


@mutant(f"{CONNECTION}.Connection._take_control", breaks="rfc6455-5.4-5", must_kill={"rfc6455-5.5.1-within-message"})
def close_ends_the_message(original: Any) -> Any:
    """Gives the application what came of a message when a Close cuts it short."""

    def _take_control(self: Any, payload: bytes) -> Any:
        content = self._assembler._content
        if self._reader.opcode == frames.Opcode.CLOSE and self._reader.in_message and content:
            self._reader._buffer, self._reader._at = b"\x88\x80" + bytes(4), 0
            message, self._assembler._content = events.Message(content.decode("utf-8", "replace")), bytearray()
            return message
        return original(self, payload)

    return _take_control


@mutant(f"{CONNECTION}.Connection._take_control", breaks="rfc6455-5.5.1-2", must_kill={"rfc6455-5.5.1-close-octet-03"})
def half_a_code_passed_over(original: Any) -> Any:
    """Passes over a Close with one octet."""

    def _take_control(self: Any, payload: bytes) -> Any:
        if self._reader.opcode == frames.Opcode.CLOSE and len(payload) == 1:
            return events.Pong(payload)
        return original(self, payload)

    return _take_control
