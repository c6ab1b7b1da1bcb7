"""What is made of content: forms (RFC 7578, RFC 2046), events (WHATWG HTML, Section 9.2), and what is stored."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import parse_qsl

from merkhet.answer import Response
from merkhet.expect_form import Told, read_form
from merkhet.wire import event_stream
from merkhet_fuzz.bases.forms import Part
from merkhet_fuzz.live.models.asked import Asked, suspicion, told
from merkhet_fuzz.oracles import Suspicion

STREAM = re.compile(rb"text/event-stream[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")


def form(asked: Asked, response: Response) -> list[Suspicion]:
    """Every part, with its name and its octets."""
    if asked.meaning is None or response.status in {413, 415, 431}:
        return []
    parts = cast("tuple[Part, ...]", asked.meaning)
    is_pairs = not any(value.lower().startswith(b"multipart/") for value in asked.values(b"Content-Type"))
    requirement = "" if is_pairs else "rfc7578-4.1-1"
    if any(b"\\" in value for value in asked.values(b"Content-Type")):
        requirement = "rfc9110-5.6.4-1"
    said = read_form(response)
    if said is None:
        return [suspicion(requirement, "form-refused", "what is in the form", told(response))]
    for name, wanted, given in (
        ("fields", [part for part in parts if part.filename is None], [one for one in said if one.filename is None]),
        (
            "files",
            [part for part in parts if part.filename is not None],
            [one for one in said if one.filename is not None],
        ),
    ):
        if len(wanted) != len(given):
            merged = "rfc7578-5.2-3" if given else requirement
            return [suspicion(merged, f"form-{name}", f"{len(wanted)} {name}", f"{len(given)}")]
        for part, one in zip(wanted, given, strict=True):
            if problem := _unlike(part, one):
                return [suspicion(requirement, f"form-{name}-{problem}", f"{_short(part)}", f"{_short(one)}")]
    return []


def _unlike(part: Part, one: Told) -> str:
    if part.name != one.name:
        return "name"
    if part.content != one.content:
        return "content"
    if part.filename is not None and part.filename != one.filename:
        return "filename"
    return "type" if part.content_type and one.content_type != part.content_type else ""


def _short(part: Part | Told) -> str:
    return f"{part.name[:40]!r}, {len(part.content)} octets {part.content[:40]!r}, {part.filename!r}, {part.content_type!r}"


def events(asked: Asked, response: Response) -> list[Suspicion]:
    """The events that were asked for, as a client reads them."""
    if asked.method != "GET" or response.status != 200:
        return []
    kinds = response.values(b"Content-Type")
    if len(kinds) != 1 or not STREAM.fullmatch(kinds[0]):
        return [suspicion("whatwg-sse-9.2.2-a2", "type", "text/event-stream", f"{kinds!r}")]
    read = event_stream.read(response.content)
    if not read.is_utf8:
        return [suspicion("whatwg-sse-9.2.5-a1", "utf-8", "UTF-8", "octets that are none")]
    if read.unknown:
        return [suspicion("whatwg-sse-9.2.5-a5", "unknown", "fields of an event stream", f"{read.unknown[0][:60]!r}")]
    if read.unfinished:
        return [
            suspicion(
                "whatwg-sse-9.2.6-a6", "unfinished", "an empty line behind each event", f"{read.unfinished[:3]!r}"
            )
        ]
    if any(not retry.isascii() or not retry.isdigit() for retry in read.retries):
        return [suspicion("whatwg-sse-9.2.6-a5", "retry", "digits alone", f"{read.retries!r}")]
    given = [(event.data, event.kind, event.last_id) for event in read.events]
    wanted = _wanted(asked)
    if wanted is not None and given != wanted:
        return [suspicion("whatwg-sse-9.2.6-a1", asked.endpoint, f"{wanted!r}"[:300], f"{given!r}"[:300])]
    return []


def _wanted(asked: Asked) -> list[tuple[str, str, str]] | None:
    """Return data, type and last id of each event; None where an application may refuse, or say it otherwise."""
    if asked.endpoint == "sse":
        count = asked.value.partition(b",")[0]
        return _numbered(0, int(count)) if count.isdigit() else None
    if asked.endpoint == "sse-resume":
        value = asked.value_of(b"Last-Event-ID")
        if asked.values(b"Last-Event-ID") and value is None:
            return None
        is_number = value is not None and value in {b"1", b"2", b"3", b"4", b"5"}
        return _numbered(int(value or 0) if is_number else 0, 5) if is_number or value in {None, b"x"} else None
    return _echoed(asked.value)


def _numbered(start: int, stop: int) -> list[tuple[str, str, str]]:
    return [(f"event {number}", "message", f"{number}") for number in range(start + 1, stop + 1)]


def _echoed(query: bytes) -> list[tuple[str, str, str]] | None:
    pairs = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape"))
    values = {name: pairs.get(name) for name in ("data", "event", "id", "then", "retry", "comment")}
    one_line = (values["event"] or "", values["id"] or "")
    if any(re.search("[\r\n\0]", text) for text in one_line):
        return None  # what cannot be said may be refused, or left out
    if any(text != text.strip() for text in one_line) or not (values["retry"] or "0").isdigit():
        return None
    if values["data"] is None:
        return None  # an event without data is dispatched by nobody, and may be written with empty data
    last = values["id"] or ""
    made = [("\n".join(LINE_END.split(values["data"])), values["event"] or "message", last)]
    if values["then"] is not None:
        made.append(("\n".join(LINE_END.split(values["then"])), "message", last))
    return None if any(not data for data, _, _ in made) else made


class Store:
    """What was put under one name on this connection, as far as every answer said that it was.

    Conditions are judged where what is stored has validators.
    """

    def __init__(self, *, has_validators: bool = True) -> None:
        self.has_validators = has_validators
        self.content: bytes | None = None
        self.is_known = False
        self.tags: dict[bytes, bytes] = {}
        self.before: bytes | None = None
        self.part: bytes | None = None
        """The content before a part of it was put, and the part: what becomes of both is seen by who reads."""

    def judge(self, asked: Asked, response: Response) -> list[Suspicion]:
        """Hold an answer against what is stored, and remember what it did."""
        if asked.is_read:
            return self._read(asked, response)
        conditions = [*asked.values(b"If-Match"), *asked.values(b"If-None-Match")]
        if conditions and self.has_validators and self.is_known and (problem := self._condition(asked, response)):
            self._remember(asked, response)
            return [problem]
        if response.status in {304, 412} and not conditions and asked.values(b"If-Modified-Since"):
            words = "no 304 or 412: the condition is for GET and HEAD alone"
            return [suspicion("rfc9110-13.1.3-2c", "since", words, told(response))]
        if response.status == 412:
            return []
        if asked.values(b"Content-Range") and response.status in {200, 201, 204}:
            self.before, self.part, self.is_known = self.content if self.is_known else None, asked.content, False
            return []
        self._remember(asked, response)
        return []

    def _remember(self, asked: Asked, response: Response) -> None:
        self.part = None
        if asked.method == "PUT" and response.status in {200, 201, 204}:
            self.content, self.is_known = asked.content, True
        elif asked.method == "DELETE" and response.status in {200, 204, 404}:
            self.content, self.is_known = None, True
        elif response.status not in {400, 412, 413, 501}:
            self.is_known = False

    def _read(self, asked: Asked, response: Response) -> list[Suspicion]:
        if self.part is not None and asked.method == "GET" and response.status == 200:
            is_whole = response.content == self.part and self.before != self.part
            words = "the part in its place, or 400 to the PUT"
            return [suspicion("rfc9110-14.5-1", "partial-put", words, told(response))] if is_whole else []
        if not self.is_known:
            return []
        if self.content is None and response.status == 200:
            return [suspicion("", "stored-nothing", "404, as it was deleted", told(response))]
        if self.content is not None and response.status == 404:
            return [suspicion("", "stored-lost", "what was stored", told(response))]
        if response.status != 200 or self.content is None:
            return []
        if asked.method == "GET" and response.content != self.content:
            return [suspicion("", "stored-other", "the octets that were stored", told(response))]
        return self._tag(response, self.content)

    def _tag(self, response: Response, content: bytes) -> list[Suspicion]:
        """One tag never stands for two contents that were stored (RFC 9110, Sections 8.8.1 and 8.8.3)."""
        found = response.values(b"ETag")
        if not found or self.tags.setdefault(found[0], content) == content:
            return []
        requirement = "rfc9110-8.8.1-1" if found[0].startswith(b"W/") else "rfc9110-8.8.3-1"
        return [suspicion(requirement, "stored-tag", "another tag for another content", f"{found[0]!r} for both")]

    def _condition(self, asked: Asked, response: Response) -> Suspicion | None:
        """A condition that no tag can fulfil, or that asks whether there is anything (Sections 13.1.1 and 13.1.2)."""
        match, none_match = asked.value_of(b"If-Match"), asked.value_of(b"If-None-Match")
        exists = self.content is not None
        is_true = exists if match == b"*" else not exists if none_match == b"*" else match is None
        is_done = response.status in {200, 201, 204}
        if not is_true and is_done:
            requirement = "rfc9110-13.1.1-3" if match is not None else "rfc9110-13.1.2-4b"
            if match == b"*":
                requirement = "rfc9110-13.1.1-a1"
            return suspicion(requirement, "condition", "412, as the condition is false", told(response))
        if is_true and response.status == 412:
            requirement = "rfc9110-13.1.1-2" if match is not None else "rfc9110-13.1.2-3"
            return suspicion(requirement, "condition-true", "no 412, as the condition is true", told(response))
        return None
