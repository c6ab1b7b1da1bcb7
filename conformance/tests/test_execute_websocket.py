"""A WebSocket in a check: what is read, answered and judged, on canned servers and on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import checks
import pytest

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Check,
    Hears,
    Kind,
    On,
    Passive,
    Send,
    Step,
    Stream,
    closes,
    in_turns,
    observed,
    resets,
)
from merkhet.engine.conclude import Conclusion
from merkhet.engine.execute import Run, execute, probe
from merkhet.expect import status
from merkhet.expect_handshake import switched, switches
from merkhet.expect_websocket import (
    anything_heard,
    as_binary,
    as_text,
    echoes,
    ends_bare,
    hearing,
    lets_the_connection_stand,
    misframed,
    pongs,
    says,
    sends_close,
    speaks,
    stays_open,
    stays_silent,
)
from merkhet.expect_websocket import closes as closes_with
from merkhet.heard import Heard, Opcode
from merkhet.model import Direction, Outcome
from merkhet.payload import Repeated
from merkhet.selftest.canned import setting
from merkhet.suites.websocket_words import (
    SWITCHED,
    Large,
    close,
    fails,
    handshake,
    must_close,
    must_echo,
    must_fail,
    must_pong,
    must_refuse,
    opened,
    ping,
    pong,
    server_close,
    server_frame,
    server_ping,
    server_pong,
    server_text,
    switched_by,
    text,
)
from merkhet.wire.canned import CannedDialer, run_now
from merkhet.wire.judge import RULES, judge
from merkhet.wire.sockets import SocketDialer

ECHO = Hears({echoes("a"): PASS, stays_open: VIOLATION.because("nothing")}, messages=1)


def play(stream: Stream | bytes, *steps: Step) -> tuple[Run, Conclusion]:
    check = checks.check(*opened(), *steps)
    return checks.play(check, stream if isinstance(stream, Stream) else Stream(stream))


def kinds(stream: Stream | bytes, *steps: Step) -> list[Kind]:
    """Return what the steps behind the handshake came to."""
    run, _ = play(stream, *steps)
    assert run.judgements[0].kind is Kind.PASS
    return [item.kind for item in run.judgements[1:]]


def last_heard(stream: Stream | bytes, *steps: Step) -> Heard:
    heard = play(stream, *steps)[0].judgements[-1].answer
    assert isinstance(heard, Heard)
    return heard


def sent_behind(stream: Stream | bytes, *steps: Step) -> bytes:
    """Return what was sent behind the handshake."""
    run, _ = play(stream, *steps)
    events = run.transcripts[0].events
    sent = b"".join(event.data for event in events if event.direction is Direction.SENT)
    return sent.partition(b"\r\n\r\n")[2]


def test_frames_in_the_packet_of_the_101_are_heard() -> None:
    assert kinds(SWITCHED + server_text("a"), ECHO) == [Kind.PASS]
    assert kinds(SWITCHED, ECHO) == [Kind.VIOLATION]


def test_no_more_is_taken_than_was_waited_for() -> None:
    three = SWITCHED + server_text("a") + server_pong(b"x") + server_text("b")
    assert (
        kinds(three, ECHO, Hears({pongs(b"x"): PASS}, pongs=1), Hears({says("b"): PASS}, messages=1)) == [Kind.PASS] * 3
    )
    assert kinds(three, Hears({says("a", "b"): PASS}, messages=2, pongs=1)) == [Kind.PASS]
    assert last_heard(three, ECHO).describe() == "text b'a'"


def test_what_no_case_matches_is_inconclusive() -> None:
    _, conclusion = play(SWITCHED + server_text("b"), Hears({echoes("a"): PASS}, messages=1))
    assert conclusion.outcome is Outcome.INCONCLUSIVE
    assert conclusion.reason == "got text b'b', which the check does not judge"


def test_without_a_101_nothing_is_heard() -> None:
    steps = (Send(handshake()), Answers({status(404): PASS}), ECHO)
    _, conclusion = checks.play(checks.check(*steps), Stream(b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"))
    assert (conclusion.outcome, conclusion.reason) == (
        Outcome.INCONCLUSIVE,
        "no WebSocket was opened on this connection",
    )


def test_behind_the_close_the_end_is_waited_for() -> None:
    cases = {closes_with(1000): PASS, lets_the_connection_stand: VIOLATION.because("it stands")}
    bye = SWITCHED + server_close(1000)
    assert kinds(closes(bye), Hears(cases)) == [Kind.PASS]
    assert kinds(resets(bye), Hears(cases)) == [Kind.PASS]
    assert kinds(bye, Hears(cases)) == [Kind.VIOLATION]
    assert kinds(closes(bye), Hears(cases, messages=1)) == [Kind.PASS], "a Close ends the wait for anything"
    until = Hears({sends_close(1000): PASS}, until_close=True)
    assert last_heard(bye, until).end is None


def test_what_comes_behind_the_close_is_told() -> None:
    heard = last_heard(
        closes(SWITCHED + server_close(1000) + server_pong(b"x") + server_text("a")), Hears({speaks: PASS})
    )
    assert [event.describe() for event in heard.behind] == ["Pong b'x'", "text b'a'"]
    assert [fault.rule for fault in heard.faults] == ["frame-data-after-close"]
    garbage = last_heard(closes(SWITCHED + server_close(1000) + b"\xff\xff\xff"), Hears({speaks: PASS}))
    assert garbage.end is End.CLOSED, "what is no frame does not hide the end"


def test_a_ping_is_answered_as_a_client_must() -> None:
    pinged = SWITCHED + server_ping(b"p") + server_text("a")
    assert sent_behind(pinged, ECHO) == pong(b"p", mask=bytes(4))
    assert sent_behind(pinged, Send(close(1000)), ECHO) == close(1000), "nothing behind a Close"
    half = text("abc")[:4]
    assert sent_behind(pinged, Send(half), ECHO) == half, "nothing within a frame of the check"


def test_a_close_is_answered_if_the_server_waits_for_that() -> None:
    hears = Hears({sends_close(): PASS})
    answer = b"\x88\x82" + bytes(4) + b"\x03\xe9"
    assert sent_behind(SWITCHED + server_close(1001, "bye"), hears) == answer
    assert last_heard(SWITCHED + server_close(1001), hears).answered
    assert sent_behind(SWITCHED + server_close(), hears) == b"\x88\x80" + bytes(4)
    assert sent_behind(closes(SWITCHED + server_close(1001)), hears) == b""
    assert sent_behind(SWITCHED + server_close(1001), Send(close(1000)), hears) == close(1000)
    broken = b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    assert sent_behind(SWITCHED + server_close(1002), Send(broken), hears) == broken


def test_the_answers_of_merkhet_are_not_what_repeats_the_check() -> None:
    run, _ = play(SWITCHED + server_ping(b"p") + server_text("a"), ECHO)
    assert run.sent == (handshake().replace(b"{ws}", b"/ws").replace(b"{host}", b"h"),)


@pytest.mark.parametrize("frame", [text("a"), server_text("a", rsv=4), server_frame(3, b"a"), server_frame(0, b"a")])
def test_nothing_passes_on_frames_that_no_client_may_take(frame: bytes) -> None:
    for step in (Hears({anything_heard: PASS}), Hears({anything_heard: observed("whatever")}, messages=1)):
        _, conclusion = play(SWITCHED + frame, step)
        assert conclusion.outcome is Outcome.INCONCLUSIVE
        assert conclusion.reason.startswith("the frames cannot be read on: a fault (frame-")
    assert kinds(SWITCHED + frame, Hears({misframed(): VIOLATION.because("misframed")})) == [Kind.VIOLATION]


def test_an_echo_of_what_is_no_text_is_a_violation_for_who_asks() -> None:
    cases = {echoes(as_text(b"\xff")): VIOLATION.because("echoed"), anything_heard: PASS}
    assert kinds(SWITCHED + server_text(b"\xff"), Hears(cases, messages=1)) == [Kind.VIOLATION]
    assert kinds(SWITCHED + server_text(b"\xfe"), Hears(cases, messages=1)) == [Kind.INCONCLUSIVE]


def test_a_fault_behind_what_was_waited_for_is_left_to_the_next_step() -> None:
    both = SWITCHED + server_text("a") + text("b")
    assert kinds(both, ECHO) == [Kind.PASS]
    assert kinds(both, ECHO, Hears({anything_heard: PASS})) == [Kind.PASS, Kind.INCONCLUSIVE]
    assert kinds(both, ECHO, Hears({misframed("frame-masked"): PASS})) == [Kind.PASS, Kind.INCONCLUSIVE]


def test_silence_is_waited_for_shortly_where_it_is_expected() -> None:
    heard = last_heard(SWITCHED, Hears({stays_silent: PASS}, quiet=True))
    assert heard.seconds == pytest.approx(0.1, abs=0.01)
    assert last_heard(SWITCHED, Hears({stays_silent: PASS})).seconds == pytest.approx(0.5, abs=0.01)
    assert last_heard(SWITCHED, Hears({stays_silent: PASS}, patience_seconds=3)).seconds == pytest.approx(3, abs=0.01)
    standing = last_heard(SWITCHED + server_close(), Hears({sends_close(): PASS}))
    assert standing.seconds == pytest.approx(7, abs=0.1), "as long as a close may linger"


def test_turns_and_several_sockets() -> None:
    turns = in_turns(SWITCHED, server_text("a"), server_text("b"))
    steps = (Send(text("a")), ECHO, Send(text("b")), Hears({echoes("b"): PASS}, messages=1))
    assert kinds(turns, *steps) == [Kind.PASS] * 2
    check = checks.check(*opened(), On(1), *opened(), On(0), ECHO, On(1), Hears({says("b"): PASS}, messages=1))
    run, _ = checks.play(check, Stream(SWITCHED + server_text("a")), Stream(SWITCHED + server_text("b")))
    assert [item.kind for item in run.judgements] == [Kind.PASS] * 4


def test_what_goes_out_anew_behind_a_101_goes_to_a_fresh_connection() -> None:
    steps = (*opened(), Send(checks.GET, anew=True), Answers({status(200): PASS}))
    run, _ = checks.play(checks.check(*steps), Stream(SWITCHED), Stream(checks.OK))
    assert [item.kind for item in run.judgements] == [Kind.PASS] * 2


def test_large_messages_are_made_when_they_are_sent() -> None:
    data = Repeated(b"0123456789", 3_000_000)
    step = Send(b"", made=Large(Opcode.BINARY, data, fragment=100_000, behind=ping(b"x")))
    answer = Stream(SWITCHED, made=Large(Opcode.BINARY, data, mask=None, behind=server_pong(b"x")))
    cases = {echoes(as_binary(data)): PASS}
    run, _ = play(answer, step, Hears(cases, messages=1, pongs=1))
    assert run.judgements[-1].kind is Kind.PASS
    assert run.transcripts[0].sent_length > 3_000_000
    assert step.made is not None
    assert step.made.describe() == "a binary message, 3000000 octets of b'0123456789' in fragments of 100000"


# --- the tables of the words


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (closes(SWITCHED + server_close(1002)), Kind.PASS),
        (closes(SWITCHED + server_close(1008)), Kind.PASS),
        (resets(SWITCHED + server_close(1002)), Kind.PASS),
        (closes(SWITCHED), Kind.WARNING),
        (resets(SWITCHED), Kind.WARNING),
        (Stream(SWITCHED + server_close(1002)), Kind.VIOLATION),
        (Stream(SWITCHED), Kind.VIOLATION),
        (closes(SWITCHED + server_text("a") + server_close(1002)), Kind.VIOLATION),
        (closes(SWITCHED + server_close(1002) + server_pong(b"")), Kind.VIOLATION),
        (closes(SWITCHED + server_close(1002) + server_text("a")), Kind.VIOLATION),
        (Stream(SWITCHED + server_pong(b"x")), Kind.VIOLATION),
        (closes(SWITCHED + server_pong(b"x") + server_close(1002)), Kind.WARNING),
        (closes(SWITCHED + server_pong(b"x")), Kind.WARNING),
        (Stream(SWITCHED + server_pong(b"x") + server_text("a")), Kind.VIOLATION),
    ],
)
def test_what_fails_the_connection(stream: Stream, kind: Kind) -> None:
    assert kinds(stream, Hears(must_fail(1002))) == [kind]
    late = [Kind.PASS] if stream.data.startswith(SWITCHED + server_pong(b"x")) else []
    assert kinds(stream, fails(1002)) == [*late, kind]


def test_what_only_overlooks_a_fault() -> None:
    goes = WARNING.because("overlooked")
    overlooks = SWITCHED + server_pong(b"x")
    assert kinds(overlooks, fails(goes=goes)) == [Kind.PASS, Kind.WARNING]
    assert kinds(overlooks + server_text("a"), fails(goes=goes)) == [Kind.PASS, Kind.VIOLATION]
    accepts = {pongs(b"x"): VIOLATION.because("accepted")}
    assert kinds(overlooks, fails(goes=goes, first=accepts)) == [Kind.VIOLATION]
    bare = VIOLATION.because("bare")
    assert kinds(closes(SWITCHED), fails(bare=bare)) == [Kind.VIOLATION]


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (closes(SWITCHED + server_close(1000)), Kind.PASS),
        (resets(SWITCHED + server_close(1000)), Kind.WARNING),
        (closes(SWITCHED + server_close(1001)), Kind.VIOLATION),
        (Stream(SWITCHED + server_close(1000)), Kind.VIOLATION),
        (closes(SWITCHED), Kind.VIOLATION),
        (Stream(SWITCHED), Kind.VIOLATION),
    ],
)
def test_what_answers_a_close(stream: Stream, kind: Kind) -> None:
    assert kinds(stream, Send(close(1000)), Hears(must_close(1000))) == [kind]


def test_what_answers_a_message_and_a_ping() -> None:
    ended = (
        closes(SWITCHED + server_close(1009)),
        closes(SWITCHED),
        Stream(SWITCHED),
        Stream(SWITCHED + server_text("b")),
    )
    for stream in ended:
        assert kinds(stream, Hears(must_echo("a"), messages=1)) == [Kind.VIOLATION]
        assert kinds(stream, Hears(must_pong(b"x"), pongs=1)) == [Kind.VIOLATION]
    assert kinds(SWITCHED + server_text("a"), Hears(must_echo("a"), messages=1)) == [Kind.PASS]
    assert kinds(SWITCHED + server_pong(b"x"), Hears(must_pong(b"x"), pongs=1)) == [Kind.PASS]
    assert kinds(SWITCHED + server_pong(b"y"), Hears(must_pong(b"x"), pongs=1)) == [Kind.VIOLATION]


def test_a_limit_is_no_fault() -> None:
    step = Hears(must_echo("a", is_large=True), messages=1)
    told = [
        closes(SWITCHED + server_close(1009)),
        closes(SWITCHED),
        closes(SWITCHED + server_close(1002)),
        Stream(SWITCHED),
    ]
    assert [kinds(stream, step) for stream in told] == [
        [Kind.OBSERVED],
        [Kind.WARNING],
        [Kind.VIOLATION],
        [Kind.VIOLATION],
    ]


def test_what_refuses_a_handshake() -> None:
    def came_to(stream: Stream) -> Kind:
        return checks.play(checks.check(Send(handshake()), Answers(must_refuse())), stream)[0].judgements[-1].kind

    assert came_to(Stream(SWITCHED)) is Kind.VIOLATION
    assert came_to(checks.REFUSED) is Kind.PASS
    assert came_to(Stream(b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n")) is Kind.WARNING
    assert came_to(closes(b"")) is Kind.WARNING
    assert came_to(Stream(b"")) is Kind.WARNING


# --- what the judge sees


def broken_rules(run: Run) -> set[str]:
    return {rule.name for one in run.seen for rule, fault in judge(one) if fault is not None and rule.reads_frames}


def applied_rules(run: Run) -> set[str]:
    return {rule.name for one in run.seen for rule, _ in judge(one) if rule.reads_frames}


def test_the_judge_sees_every_frame_of_every_check() -> None:
    run, _ = play(closes(SWITCHED + server_frame(Opcode.TEXT, b"a", form=16) + server_close(1005)), ECHO)
    assert broken_rules(run) == {"frame-length-minimal", "frame-close-1005"}
    assert {"frame-masked", "frame-rsv", "frame-close-reserved"} <= applied_rules(run)
    run, _ = play(SWITCHED, Hears({stays_silent: PASS}))
    assert applied_rules(run) == set()
    run, _ = play(SWITCHED + text("a"), ECHO)
    assert applied_rules(run) == broken_rules(run) == {"frame-masked"}


def test_a_1010_that_repeats_the_clients_is_nobodys_fault() -> None:
    bye = closes(SWITCHED + server_close(1010))
    asked, _ = play(bye, Send(close(1010)), Hears(must_close()))
    unasked, _ = play(bye, Send(close(1000)), Hears(must_close()))
    assert "frame-close-1010" not in applied_rules(asked)
    assert broken_rules(unasked) == {"frame-close-1010"}


def test_the_agreement_of_the_101_says_which_rules_apply() -> None:
    head = switched_by(b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9")
    hello = server_text(b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4)
    run, _ = checks.play(checks.check(*opened(), Hears({says("Hello"): PASS}, messages=1)), Stream(head + hello))
    assert run.judgements[-1].kind is Kind.PASS
    assert {"deflate-window", "deflate-broken", "deflate-rsv1"} <= applied_rules(run)
    assert "deflate-takeover" not in applied_rules(run)


def test_a_probe_reads_frames_for_a_rule_about_them() -> None:
    here = setting()
    stream = closes(SWITCHED + server_text("a") + server_close(1006))
    for rule, seen in (("frame-close-1006", {"frame-close-1006"}), ("field-line", {"frame-close-1006"})):
        passive = Passive(
            id="rfc6455-0-x",
            requirement=RULES[rule].requirement,
            title="A rule",
            since="0.1",
            rule=rule,
            good=(stream,),
            mutants=(),
            probe=handshake() + close(1000),
        )
        run = run_now(probe(passive, CannedDialer((stream,), checks.check().twin, here.render), here))
        assert broken_rules(run) == seen


HTTP2_SETTINGS = bytes.fromhex("00001e040000000000") + bytes(30)
"""The first frame behind a 101 to h2c (RFC 7540, Section 3.2): read as those of a WebSocket, it is a continuation."""


@pytest.mark.parametrize(
    ("offer", "taken", "is_judged"),
    [
        (b"h2c", b"Upgrade: h2c", False),
        (b"h2c", b"Upgrade: h2c, websocket", True),
        (b"websocket, h2c", b"Upgrade: h2c", False),
        (b"h2c", b"X: y", False),
        (b"websocket", b"X: y", True),
        (b"websocket", b"Upgrade: WebSocket/13", True),
        (b"websocket", b"Upgrade: websocket", True),
    ],
)
def test_behind_a_101_to_another_protocol_are_no_frames_of_a_websocket(
    offer: bytes, taken: bytes, *, is_judged: bool
) -> None:
    switched_to = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n" + taken + b"\r\n\r\n"
    steps = Send(handshake(upgrade=offer)), Answers({status(101): PASS})
    run, _ = checks.play(checks.check(*steps), Stream(switched_to + HTTP2_SETTINGS))
    assert run.judgements[0].kind is Kind.PASS
    assert ("frame-continuation" in applied_rules(run)) is is_judged
    assert broken_rules(run) == ({"frame-continuation"} if is_judged else set())


# --- real sockets


def serving_frames(*frames: bytes, ends: bool = True) -> Callable[[socket.socket], None]:
    """Return a server that switches, sends each of these in a segment of its own, and then ends or reads on."""

    def handle(connection: socket.socket) -> None:
        for head in checks.heads(connection):
            if b"Upgrade: websocket" not in head:
                connection.sendall(checks.OK)
                continue
            connection.sendall(SWITCHED)
            for frame in frames:
                connection.sendall(frame)
            if ends:
                return

    return handle


def on_sockets(handler: Callable[[socket.socket], None], check: Check) -> Run:
    with checks.serving(handler) as address:
        target = checks.target(address)
        here = checks.setting()
        names = type(target.names)(host=target.names.host, scheme="http", endpoints={"root": "/", "ws": "/ws"})

        async def run() -> Run:
            return await execute(check, SocketDialer(target.address), type(here)(
                names=names, baseline=here.baseline, deadlines=here.deadlines, nonce="n"))  # fmt: skip

        return asyncio.run(run())


def test_on_real_sockets_segments_do_not_matter() -> None:
    octets = [bytes([octet]) for octet in server_text("a") + server_close(1000)]
    check = checks.check(*opened(), ECHO, Hears({closes_with(1000): PASS}))
    run = on_sockets(serving_frames(*octets), check)
    assert [item.kind for item in run.judgements] == [Kind.PASS] * 3
    assert not run.twin_fault


def test_on_real_sockets_a_server_that_waits_for_our_close_gets_it() -> None:
    def handle(connection: socket.socket) -> None:
        data: bytes = b""
        while b"\r\n\r\n" not in data:
            data = b"".join((data, connection.recv(65536)))
        if b"websocket" not in data:
            connection.sendall(checks.OK)
            return
        connection.sendall(SWITCHED + server_close(1001))
        while b"\x88\x82" not in data:
            data = b"".join((data, connection.recv(65536)))

    cases = {hearing("the end behind our Close", lambda it: it.answered and it.ended): PASS, ends_bare: WARNING}
    run = on_sockets(handle, checks.check(*opened(), Hears(cases)))
    assert [item.kind for item in run.judgements] == [Kind.PASS] * 2


def test_the_sample_handshake_is_taken_for_one() -> None:
    assert checks.play(checks.check(*opened()), Stream(SWITCHED))[1].outcome is Outcome.PASS
    other = Answers({switches(b"AQIDBAUGBwgJCgsMDQ4PEA=="): PASS, switched: VIOLATION.because("another accept")})
    run, _ = checks.play(checks.check(Send(handshake()), other), Stream(SWITCHED))
    assert run.judgements[-1].kind is Kind.VIOLATION
