"""Requests to the endpoints of the contract, and models of what a right answer to each is."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import cast
from urllib.parse import quote

from merkhet import fixtures
from merkhet.answer import End, Response
from merkhet.wire.request import SentRequest, mentions_te, read_requests
from merkhet_fuzz.bases import exchange as bases
from merkhet_fuzz.edits import octets_of_unit
from merkhet_fuzz.grammar import Base, Kind, Piece
from merkhet_fuzz.inputs import InputError
from merkhet_fuzz.live.answers import Judges
from merkhet_fuzz.live.http import REFUSALS
from merkhet_fuzz.live.models import contents, files, negotiation, plain
from merkhet_fuzz.live.models.asked import Asked, FileFacts, Known, date_of, pattern, told
from merkhet_fuzz.live.seam import AnsweredDialogue, Ask, Dialogue, Place, Surface
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import Wire

NOTE = "exchange"
SLOW = 408
"""Whoever sends octets one by one, beside others, is too slow for some: that is no answer to what was asked."""
STAGED = frozenset({"status"})
"""Endpoints that answer as they are told to: what their status means is nobody's claim."""
_FACT = re.compile(rb"\{(etag|opaque|modified|modified850|modifiedasc):([^{}:]+)(?::([+-][0-9]+))?\}")
_SIMPLE = re.compile(rb"^[A-Z]+ [^ \r\n]+ *\r?$", re.MULTILINE)
"""A request line without a version: some answer it as HTTP/0.9 did, with content alone."""
_FORMS = {b"modified": "%a, %d %b %Y %H:%M:%S GMT", b"modified850": "%A, %d-%b-%y %H:%M:%S GMT"}
PROBES = {
    "If-Match": b'If-Match: "merkhet-no-such"',
    "If-Unmodified-Since": b"If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
}


Model = Callable[[Asked, Response], list[Suspicion]]
"""Returns what is wrong with an answer to a request."""


class ExchangeSurface(Surface):
    """Inputs of kind exchange."""

    kind = Kind.EXCHANGE

    def __init__(self) -> None:
        self.judges = Judges()
        self.tags: dict[bytes, bytes] = {}
        self.models: dict[str, Model] = {}

    def names(self, place: Place) -> tuple[str, ...]:
        """Return the bases for whose endpoints the target has all."""
        return tuple(name for name, (_, needs) in bases.MAKERS.items() if all(map(place.has, needs)))

    def prepare(self, place: Place, ask: Ask) -> None:
        """Ask for each file once, and see what it says of itself."""
        endpoints = {name: path for name, path in place.names.endpoints.items() if name != "connect"}
        known = Known(patterns={name: pattern(path) for name, path in endpoints.items() if name != "root"})
        self.tags.clear()
        known.root = _get(place, ask, b"{root}")
        for coding in (b"", b"gzip") if place.has("gzip") else ():
            text = _get(place, ask, b"{gzip}", *([b"Accept-Encoding: " + coding] if coding else []))
            if text is not None and text.status == 200:
                known.coded[coding] = text.fields
                tag, used = next(iter(text.values(b"ETag")), b""), b", ".join(text.members(b"Content-Encoding"))
                self.tags.setdefault(tag, used)
        if place.has("mutable"):
            known.stores_validators = _stores_validators(place, ask)
        if place.has("files"):
            known.files = {
                name: facts
                for name in (*bases.FILES, *bases.NAMED_FILES, "large.bin")
                if (facts := _facts(place, ask, name, fixtures.FIXTURES[name])) is not None
            }
        place.notes[NOTE] = known
        self.models = _models(known, place.files, self.tags)

    def placed(self, base: Base, place: Place) -> Base:
        """Fill what stands for paths, validators and the host. Raises InputError where the target has no such endpoint."""
        if base.name not in self.names(place):
            raise InputError(f"{base.name}: the target declares not all that this needs")
        known = cast("Known", place.notes[NOTE])
        return replace(base, pieces=tuple(_placed(piece, place, known) for piece in base.pieces))

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue: send the requests, and read the answers."""
        return ExchangeDialogue(wire, self, place)


def _placed(piece: Piece, place: Place, known: Known) -> Piece:
    octets = piece.octets
    if b"{" not in octets:
        return piece
    octets = _FACT.sub(lambda match: _fact(match, known), octets)
    return piece._replace(octets=place.names.render(octets, "fuzz") if b"{" in octets else octets)


def _fact(match: re.Match[bytes], known: Known) -> bytes:
    facts = known.files.get(match[2].decode())
    tag = facts.etag if facts is not None and facts.etag else b'"none"'
    if match[1] == b"etag":
        return tag
    if match[1] == b"opaque":
        return tag.removeprefix(b"W/")
    modified = (
        facts.modified if facts is not None and facts.modified is not None else dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    )
    moment = modified + dt.timedelta(seconds=int(match[3] or 0))
    if match[1] in _FORMS:
        return moment.strftime(_FORMS[match[1]]).encode()
    return f"{moment:%a %b} {moment.day:2d} {moment:%H:%M:%S %Y}".encode()


def _get(place: Place, ask: Ask, target: bytes, *fields: bytes) -> Response | None:
    lines = b"".join(line + b"\r\n" for line in fields)
    octets = place.names.render(b"GET " + target + b" HTTP/1.1\r\nHost: {host}\r\n" + lines, "fuzz")
    answers = ask(octets + b"Connection: close\r\n\r\n", "GET")
    return answers.finals[0] if answers.finals and answers.finals[0].complete else None


def _stores_validators(place: Place, ask: Ask) -> bool:
    """Put something somewhere, and see whether it comes with a validator."""
    target = b"{mutable:merkhet-fuzz-validators}"
    rest = b"Host: {host}\r\nConnection: close\r\n"
    ask(place.names.render(b"PUT " + target + b" HTTP/1.1\r\n" + rest + b"Content-Length: 1\r\n\r\na", "fuzz"), "PUT")
    found = _get(place, ask, target)
    ask(place.names.render(b"DELETE " + target + b" HTTP/1.1\r\n" + rest + b"\r\n", "fuzz"), "DELETE")
    return found is not None and bool(found.values(b"ETag") or found.values(b"Last-Modified"))


def _facts(place: Place, ask: Ask, name: str, content: bytes) -> FileFacts | None:
    """Return what a file's answer says; None if it is not served as the contract has it."""
    target = b"{files:%b}" % quote(name).encode()
    response = _get(place, ask, target)
    if response is None or response.status != 200 or response.content != content:
        return None
    etag = next(iter(response.values(b"ETag")), b"")
    evaluated: set[str] = set()
    for field, line in PROBES.items():
        probe = _get(place, ask, target, line)
        if probe is not None and probe.status == 412:
            evaluated.add(field)
    part = _get(place, ask, target, b"Range: bytes=0-0")
    return FileFacts(
        content,
        etag,
        date_of(next(iter(response.values(b"Last-Modified")), b"")),
        date_of(next(iter(response.values(b"Date")), b"")),
        response.fields,
        has_ranges=(part is not None and part.status == 206) or b"bytes" in response.members(b"Accept-Ranges"),
        evaluates=frozenset(evaluated),
    )


class ExchangeDialogue(AnsweredDialogue):
    """Requests on one connection. What is beyond doubt is held against the models, all else against the judge's rules.

    `asked` are the requests that were sent, none of them where an edit leaves one in doubt.
    """

    def __init__(self, wire: Wire, surface: ExchangeSurface, place: Place) -> None:
        known = cast("Known", place.notes[NOTE])
        self.wire = wire
        self.known = known
        self.asked = _read(wire, known) if wire.input.edits else self.built
        super().__init__(list(wire.segments), [asked.method for asked in self.asked])
        self.surface = surface
        self.place = place
        self.is_whole = wire.input.transport.end < 0 or wire.input.transport.end >= len(wire.octets)
        self._is_paced = len(self.asked) == 1 and self.asked[0].endpoint == "pieces"
        self._head_at = self._content_at = 0.0

    def received(self, octets: bytes) -> None:
        """Read on; of a stream, see when its head came and when its content began."""
        super().received(octets)
        if self._is_paced and not self._content_at:
            now = time.monotonic()
            self._head_at = self._head_at or now
            self._content_at = now if self.answers.finals or self.answers.unfinished else 0.0

    def quiet(self) -> None:
        """Nothing came for a while: what is beyond doubt is waited for, and for all else the end is said."""
        is_answered = self.answers.is_between and len(self.answers.finals) >= max(1, len(self.asked))
        if is_answered and not (self.answers.finals[-1].says_close and self.asked):
            self.is_done = True
        elif not self.asked or not self.is_whole:
            self.is_done = self.shuts
            self.shuts = True

    def suspicions(self) -> list[Suspicion]:
        """Return what is wrong with the answers."""
        if not self.is_whole or self._is_unclear:
            return []
        found = self._counted()
        stores: dict[bytes, contents.Store] = {}
        for asked, response in zip(self.asked, self.answers.finals, strict=False):
            # What was edited is still read without doubt, but a server may like it less than we do.
            is_refused = self.wire.input.edits and response.status in {400, 421, 431, 501}
            if response.complete and response.status != SLOW and not is_refused:
                found += self._judged(asked, response, stores) or plain.is_untouched(asked, response)
        found += self._gathered()
        found += self.surface.judges.suspicions(
            self.answers, [asked.request for asked in self.asked], staged=self._staged
        )
        return found

    def _gathered(self) -> list[Suspicion]:
        """A stream begins when its first piece is made, and not when its last is."""
        if not self._is_paced or not self.answers.finals:
            return []
        parts = self.asked[0].value.split(b",")
        if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()) or self.answers.finals[0].status != 200:
            return []
        all_made = (int(parts[0]) - 1) * int(parts[1]) / 1000
        waited = max(self.heard_after, self._content_at - self._head_at)
        if not all_made or waited < all_made * 0.9:
            return []
        words = "its first piece when it is made"
        return [Suspicion("answer", "architecture-1.1-1", "gathered", words, f"all pieces after {all_made:g} s")]

    def _counted(self) -> list[Suspicion]:
        finals, count = self.answers.finals, len(self.asked)
        if not count:
            return []
        if len(finals) > count:
            return [Suspicion("surplus", "", "", f"{count} answers", self.told())]
        refused = next((response for response in finals if response.status in REFUSALS and not self._staged), None)
        if refused is not None and self._is_sure and not self.wire.input.edits:
            return [Suspicion("refused", "", self.wire.input.name, "no refusal of legal requests", self.told())]
        says_end = any(response.says_close or response.version == b"HTTP/1.0" for response in finals)
        if self.asked[-1].endpoint == "pieces" and self.asked[-1].value.endswith(b",abort"):
            return []
        if len(finals) < count and not says_end:
            words = f"{count} answers", self.told()
            if finals and self.answers.end is End.CLOSED:
                return [Suspicion("lost", "rfc9112-9.6-1", self.wire.input.name, *words)]
            return [Suspicion("lost", "", self.wire.input.name, *words)]
        if any(not response.complete for response in finals):
            return [Suspicion("cut", "", self.wire.input.name, "whole answers", self.told())]
        return []

    @cached_property
    def built(self) -> list[Asked]:
        """The requests of the base."""
        return _built(self.wire, self.known)

    @property
    def _is_unclear(self) -> bool:
        """Whether an edit leaves open which answer is one to HEAD, or has no head: so that nobody knows where it ends."""
        may_be_bare = any(asked.method == "HEAD" for asked in self.built) or _SIMPLE.search(self.wire.octets)
        return not self.asked and bool(may_be_bare)

    @cached_property
    def _is_store_unclear(self) -> bool:
        """Whether something may have been stored or deleted by another target than the endpoint's own."""
        return any(asked.endpoint == "" and asked.method in {"PUT", "DELETE", "POST", "PATCH"} for asked in self.asked)

    @property
    def _staged(self) -> bool:
        # What an edit made of the request of an answer is not always known: then the base says what it asked for.
        return any(asked.endpoint in STAGED for asked in self.asked or self.built)

    @property
    def _is_sure(self) -> bool:
        """Whether no request asks for what an application may call bad."""
        free = {"sse-echo", "files", "download", "param", "form", "mutable", "pieces", "auth", ""}
        return not any(asked.endpoint in free for asked in self.asked)

    def _judged(self, asked: Asked, response: Response, stores: dict[bytes, contents.Store]) -> list[Suspicion]:
        if asked.endpoint == "mutable" and self._is_store_unclear:
            return []
        if asked.endpoint == "mutable":
            store = contents.Store(has_validators=self.known.stores_validators)
            return stores.setdefault(asked.value, store).judge(asked, response)
        judge = self.surface.models.get(asked.endpoint)
        return judge(asked, response) if judge is not None else self._elsewhere(asked, response)

    def _elsewhere(self, asked: Asked, response: Response) -> list[Suspicion]:
        path = self.place.path("root")
        if asked.target == path:
            return plain.root(asked, response, self.known)
        is_found = response.status in {200, 206, 304, 412, 416}
        if asked.endpoint == "" and is_found and asked.target == path + b"no-such-place":
            return [Suspicion("answer", "", "no-such-place", "404", told(response))]
        return []


def _models(known: Known, texts: Mapping[str, bytes], tags: dict[bytes, bytes]) -> dict[str, Model]:
    """Return by endpoint what knows which answers are right, on a target of which this is known."""
    return {
        "status": plain.status,
        "stream": plain.stream,
        "redirect": lambda _, response: plain.redirect(response),
        "param": plain.param,
        "echo": plain.echo,
        "pieces": plain.pieces,
        "files": lambda asked, response: files.judge(asked, response, known.files),
        "gzip": lambda asked, response: (
            negotiation.coding(asked, response, texts, tags)
            + negotiation.cased(asked, response, known.coded)
            + negotiation.kept(asked, response, known.coded)
            + negotiation.vary(asked, response, b"accept-encoding")
        ),
        "conneg": lambda asked, response: (
            negotiation.choice(asked, response) + negotiation.vary(asked, response, b"accept")
        ),
        "form": contents.form,
        "download": plain.download,
        "auth": plain.auth,
        "trace": plain.trace,
        "sse": contents.events,
        "sse-echo": contents.events,
        "sse-resume": contents.events,
    }


def _read(wire: Wire, known: Known) -> list[Asked]:
    """Return the requests of an edited input, read narrowly; none where one of them is not beyond doubt."""
    if mentions_te(wire.octets):
        return []
    requests = read_requests(wire.octets)
    if sum(request.length for request in requests) != len(wire.octets):
        return []
    made: list[Asked] = []
    at = 0
    for number, request in enumerate(requests):
        octets = wire.octets[at : at + request.length]
        at += request.length
        target = octets.split(b" ", 2)[1]
        content = octets.partition(b"\r\n\r\n")[2]
        made.append(Asked(request, target, *known.endpoint(target), content, None, number))
    return made


def _built(wire: Wire, known: Known) -> list[Asked]:
    """Return the requests of a base, by its own pieces."""
    base = wire.base
    made: list[Asked] = []
    for number, meaning in enumerate(base.meaning):
        units = [unit for unit in base.units if base.pieces[base.units[unit]].message == number]
        pieces = {piece.name: piece.octets for piece in base.pieces if piece.message == number}
        line = units[0]
        fields = tuple((pieces[f"{unit}.name"], pieces[f"{unit}.value"]) for unit in units if f"{unit}.value" in pieces)
        request = SentRequest(
            length=sum(len(octets_of_unit(base, base.pieces, unit)) for unit in units),
            method=pieces[f"{line}.method"].decode(),
            version=pieces[f"{line}.version"].decode().removeprefix("HTTP/"),
            fields=fields,
        )
        target = pieces[f"{line}.target"]
        content = b"".join(
            _content_of(pieces[f"{unit}.octets"], base.roles[unit])
            for unit in units
            if base.roles[unit] in {"content", "chunk"}
        )
        made.append(Asked(request, target, *known.endpoint(target), content, meaning, number))
    return made


def _content_of(octets: bytes, role: str) -> bytes:
    if role == "content":
        return octets
    size, _, rest = octets.partition(b"\r\n")
    return rest[: int(size, 16)] if size.strip() else b""
