"""Runs to render: a plain one, and one in which every text and every octet is hostile."""

from __future__ import annotations

import msgspec

from merkhet.model import (
    CheckResult,
    Direction,
    Disagreement,
    Evidence,
    Excuse,
    Finding,
    FuzzFinding,
    Level,
    Outcome,
    Preflight,
    Profile,
    Requirement,
    RunResults,
    Severity,
    TargetInfo,
    Transcript,
    Weight,
    WireEvent,
)

HOSTILE_BYTES = (
    b"HTTP/1.1 200 OK\r\nX: </pre></script><img src=x onerror=window.pwned=1>\r\n\r\n"
    b"<!--<script>alert(1)</script>\x00\xff\xe2\x80\xae\x1b[31m\x1b]0;owned\x07{{7*7}} ]]> &amp; \\n"
)
HOSTILE = (
    "</summary></title><script>window.pwned=2</script>\" onmouseover='window.pwned=3' \x00\x1b[2J\x1b]0;t\x07\x9b31m"
    "\u202egnp\ud800\ufffe\uffff\r\n::error::forged %0A {{7*7}} ]]> `|*_[x](y)"
)
RULES = tuple(
    Requirement(
        id=f"rfc9112-{section}-1",
        document="rfc9112",
        section=section,
        level=level,
        basis="bcp14",
        role="server",
        text=text,
    )
    for section, level, text in (
        ("3.2", Level.MUST, "A request without Host is answered 400."),
        ("6.1", Level.MUST_NOT, "No Transfer-Encoding in 204 responses."),
        ("9.3", Level.SHOULD, "Connections persist."),
        ("9.6", Level.MAY, "A server may close at any time."),
    )
)


def transcript(data: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Transcript:
    sent = b"GET / HTTP/1.1\r\n\r\n"
    events = (
        WireEvent(connection=0, at=0.0, direction=Direction.OPENED),
        WireEvent(connection=0, at=0.0011, direction=Direction.SENT, data=sent, length=len(sent)),
        WireEvent(connection=0, at=0.0042, direction=Direction.RECEIVED, data=data, length=len(data)),
        WireEvent(connection=0, at=0.005, direction=Direction.CLOSED),
    )
    return Transcript(
        connection=0,
        purpose="check",
        sent_length=len(sent),
        received_length=len(data),
        sent_sha256="0" * 64,
        received_sha256="1" * 64,
        ended="closed",
        events=events,
    )


def result(
    name: str, rule: int, outcome: Outcome, *, weight: Weight | None = None, desync: bool = False, **more: object
) -> CheckResult:
    expected, observed = "status 400", "status 200"
    findings = (
        (Finding(weight=weight, expected=expected, observed=observed, text="the request was served", desync=desync),)
        if weight is not None
        else ()
    )
    plain = CheckResult(
        check=f"rfc9112-{RULES[rule].section}-{name}",
        requirement=RULES[rule].id,
        title=f"The title of {name}",
        level=RULES[rule].level,
        outcome=outcome,
        expected=expected,
        observed=observed,
        findings=findings,
        seconds=0.0123,
        evidence=Evidence(
            transcripts=(transcript(),),
            repeat=f"merkhet run --select rfc9112-{RULES[rule].section}-{name}",
            netcat="printf 'GET / HTTP/1.1\\r\\n\\r\\n' | nc -w 2 127.0.0.1 80",
        ),
    )
    return msgspec.structs.replace(plain, **more)


RESULTS = (
    result("refused", 0, Outcome.PASS),
    result("served", 0, Outcome.FAIL, weight=Weight.BREACH),
    result("served-too", 0, Outcome.FAIL, weight=Weight.BREACH),
    result("smuggled", 1, Outcome.FAIL, weight=Weight.BREACH, desync=True),
    result("unproven", 1, Outcome.INCONCLUSIVE, reason="the legal twin was not served"),
    result("near", 2, Outcome.WARN, weight=Weight.WARNING),
    result("absent", 2, Outcome.NOT_APPLICABLE, reason="the target offers no sleep"),
    result("open", 2, Outcome.INCONCLUSIVE, reason="an absence that nobody confirmed"),
    result("closes", 3, Outcome.OBSERVED, choice="closes at once"),
)


EXCUSED = (
    Excuse(check="rfc9112-3.2-known", reason="a known bug, to be mended", issue="#7", until="2999-01-31"),
    Excuse(check="mine:http-request/segments.before-a-refusal", reason="as it is by design"),
)
LEGAL = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def found(
    name: str, weight: Weight, *, octets: bytes = LEGAL.replace(b"Host", b"Hos\0t"), **more: object
) -> FuzzFinding:
    oracle = name.partition(".")[0]
    plain = FuzzFinding(
        id=f"mine:http-request/{name}",
        target="mine:http-request",
        version="1.0",
        oracle=oracle,
        requirement=RULES[0].id if oracle == "accepted" else "",
        weight=weight,
        input="http-request.get#0 host.name:over=3,00",
        edits=("host.name:over=3,00",),
        octets=octets,
        segments=(len(octets),),
        legal=LEGAL,
        expected="a refusal: a field name is a token",
        observed="message 1 came out complete: (b'GET', b'/')",
        found_after=12,
        seed=1,
        repeat="merkhet fuzz replay --parser mine:http-request 'http-request.get#0 host.name:over=3,00'",
    )
    return msgspec.structs.replace(plain, **more)


FOUND = (
    found(f"accepted.{RULES[0].id}.host", Weight.BREACH, others=("http-request.get#0 host.name:put=0,00",)),
    found("segments.before-a-refusal", Weight.WARNING, transport="cut@3", segments=(3, 26)),
    found("crash.IndexError.parse", Weight.BREACH, octets=HOSTILE_BYTES, observed=HOSTILE, legal=b""),
)


def differing(name: str, severity: Severity, weight: Weight, sides: tuple[int, ...], **more: object) -> Disagreement:
    read = ("1 message: GET /", "2 messages: GET /, GET /canary", "refused")
    octets = LEGAL.replace(b"\r\n\r\n", b"\r\nContent-Length: +5\r\n\r\nhello")
    plain = Disagreement(
        id=f"differ:http-request/{severity}.{name}",
        severity=severity,
        kind="http-request",
        weight=weight,
        participants=("mine", "other", "third"),
        sides=sides,
        readings=tuple(read[side] for side in sides),
        input="http-request.post#0 content-length.value:plus",
        edits=("content-length.value:plus",),
        octets=octets,
        segments=(len(octets),),
        legal=octets.replace(b"+", b""),
        inputs=17,
        found_after=3,
        seed=1,
        repeat="merkhet fuzz diff --parser mine --parser other 'http-request.post#0 content-length.value:plus'",
    )
    return msgspec.structs.replace(plain, **more)


DIFFER = (
    differing(
        "content-length.plus",
        Severity.FRAMING,
        Weight.BREACH,
        (0, 1, 2),
        requirement=RULES[1].id,
        decided="must refuse: Content-Length is digits",
        at_fault=("mine", "other"),
    ),
    differing("request-line.target", Severity.TASTE, Weight.NOTE, (0, 0, 2)),
)
FUZZED = {"mine:http-request": 1000, "other:http-request": 1000}
FULL_RESULTS = (
    *RESULTS,
    result("known", 0, Outcome.FAIL, weight=Weight.BREACH),
    result("killer", 1, Outcome.FAIL, weight=Weight.BREACH, killed_server=True, reason="the server died"),
    result("seen-once", 2, Outcome.WARN, weight=Weight.WARNING, flaky=True, runs=2),
    result("ours", 2, Outcome.ERROR, reason="merkhet itself failed: ValueError: x"),
    result(
        "hostile",
        1,
        Outcome.FAIL,
        observed=HOSTILE,
        findings=(Finding(weight=Weight.BREACH, expected="status 400", observed=HOSTILE, text=HOSTILE),),
        evidence=Evidence(transcripts=(transcript(HOSTILE_BYTES),), repeat="merkhet run --select rfc9112-6.1-hostile"),
    ),
)


def run(*results: CheckResult, **more: object) -> RunResults:
    plain = RunResults(
        merkhet="0.1.0",
        python="3.11",
        platform="test",
        profile=Profile.DEFAULT,
        started="2026-11-25T12:00:00Z",
        seconds=1.5,
        target=TargetInfo(name="mine", kind="command", address="http://127.0.0.1:8080/", version="mine 1.0"),
        preflight=Preflight(status=200, server="mine/1.0", round_trip_seconds=0.001),
        requirements=RULES,
        results=results,
        exit_code=1,
    )
    return msgspec.structs.replace(plain, **more)


def plain_run() -> RunResults:
    return run(*RESULTS)


def full_run(**more: object) -> RunResults:
    """Return a run with every outcome, hostile octets, a flaky result, a server's death and an expected failure."""
    problems = ("one problem, and <b>no</b> markup",)
    fuzzing = {"fuzz": FOUND, "differences": DIFFER, "fuzzed": FUZZED}
    return run(*FULL_RESULTS, **({"exit_code": 4, "excused": EXCUSED, "problems": problems} | fuzzing | more))


def fuzz_run(**more: object) -> RunResults:
    """Return what fuzzing alone leaves behind: no check was run."""
    target = TargetInfo(name="mine, other, third", kind="several", address="in process")
    fuzzing = {"fuzz": FOUND, "differences": DIFFER, "fuzzed": FUZZED, "excused": EXCUSED}
    return run(**({"target": target, "preflight": None} | fuzzing | more))


def other_run() -> RunResults:
    """Return a run of another server, hostile in name: some is better, some worse, one check is gone, and one is added."""
    better = {"rfc9112-3.2-served": Outcome.PASS, "rfc9112-3.2-known": Outcome.PASS}
    worse = {"rfc9112-3.2-refused": Outcome.FAIL, "rfc9112-9.3-near": Outcome.FAIL}
    changed = [
        msgspec.structs.replace(one, outcome=(better | worse).get(one.check, one.outcome))
        for one in FULL_RESULTS
        if not one.check.endswith("-served-too")
    ]
    changed = [
        msgspec.structs.replace(one, choice="closes late") if one.outcome is Outcome.OBSERVED else one
        for one in changed
    ]
    target = TargetInfo(name=f"other {HOSTILE}", kind="url", address="http://127.0.0.1:8081/", version=HOSTILE)
    return run(
        *changed,
        result("more", 3, Outcome.OBSERVED, choice="so"),
        target=target,
        started="2026-11-26T12:00:00Z",
        fuzz=(FOUND[0], found(f"refused.{RULES[0].id}.host", Weight.WARNING, observed=HOSTILE)),
        differences=DIFFER[1:],
        fuzzed=FUZZED,
    )


_TEXTS = {"expected": HOSTILE, "observed": HOSTILE, "version": HOSTILE}


def hostile_run() -> RunResults:
    bad = [
        msgspec.structs.replace(
            item,
            title=HOSTILE,
            expected=HOSTILE,
            observed=HOSTILE,
            reason=HOSTILE,
            choice=HOSTILE,
            findings=tuple(
                msgspec.structs.replace(finding, expected=HOSTILE, observed=HOSTILE, text=HOSTILE)
                for finding in item.findings
            ),
            evidence=Evidence(transcripts=(transcript(HOSTILE_BYTES),), repeat=HOSTILE, netcat=HOSTILE),
        )
        for item in RESULTS
    ]
    return run(
        *bad,
        target=TargetInfo(name=HOSTILE, kind="url", address=HOSTILE, version=HOSTILE),
        preflight=Preflight(status=200, server=HOSTILE),
        problems=(HOSTILE,),
        ended=HOSTILE,
        target_output=HOSTILE,
        fuzz=tuple(msgspec.structs.replace(one, octets=HOSTILE_BYTES, legal=HOSTILE_BYTES, **_TEXTS) for one in FOUND),
        differences=tuple(
            msgspec.structs.replace(one, octets=HOSTILE_BYTES, readings=(HOSTILE,) * 3, decided=HOSTILE)
            for one in DIFFER
        ),
        fuzzed=FUZZED,
    )
