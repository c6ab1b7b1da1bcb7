"""Endpoints without options: what they answer is said by the contract, octet by octet."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import unquote_to_bytes

from merkhet.answer import Framing, Response
from merkhet.expect_disposition import Disposition, Flaw, read
from merkhet.expect_echo import Echo, read_echo
from merkhet_fuzz.live.models.asked import Asked, Known, suspicion, told
from merkhet_fuzz.oracles import Suspicion

CREDENTIALS = re.compile(rb"basic +bWVya2hldDptZXJraGV0", re.IGNORECASE)
HOP_BY_HOP = frozenset(
    (b"connection", b"transfer-encoding", b"te", b"trailer", b"host", b"content-length", b"keep-alive")
)
"""Fields that a server may keep to itself, or write otherwise."""
SMALL = 2000
"""Octets of names and values that are too many for nobody."""
SECRET = frozenset((b"authorization", b"cookie", b"proxy-authorization"))
FLAWS = {Flaw.CONTROL: "rfc6266-4.1-a5", Flaw.TYPE: "rfc6266-4.1-a2"}


def root(asked: Asked, response: Response, known: Known) -> list[Suspicion]:
    """The root is the same in every answer."""
    before = known.root
    if before is None or asked.method != "GET" or response.values(b"Content-Encoding"):
        return []
    if response.status != before.status or response.content != before.content:
        return [suspicion("", "root", f"the root as it was: {told(before)}", told(response))]
    return []


def status(asked: Asked, response: Response) -> list[Suspicion]:
    """The status that was asked for, or 404 for one that the server has not."""
    if asked.value.isdigit() and response.status not in {int(asked.value), 404, 400}:
        return [suspicion("", "status", f"{int(asked.value)}, or 404", told(response))]
    return []


def stream(asked: Asked, response: Response) -> list[Suspicion]:
    """Pieces, one behind the other, and then the end."""
    if asked.method != "GET" or response.status != 200 or not asked.value.isdigit():
        return []
    wanted = b"".join(b"piece %d\n" % number for number in range(int(asked.value)))
    if response.content != wanted:
        return [suspicion("", "stream", f"{asked.value.decode()} pieces", told(response))]
    return []


def pieces(asked: Asked, response: Response) -> list[Suspicion]:
    """Pieces as in a stream; one whose application fails has no end that a client could take for the right one."""
    values = asked.value.decode("latin-1").split(",")
    if len(values) != 3 or not values[0].isdigit() or response.status != 200 or asked.method != "GET":
        return []
    count, _, end = values
    if end == "abort":
        is_seen = asked.request.version == "1.0" or response.framing is Framing.UNTIL_CLOSE
        words = "a content that is seen to be incomplete"
        return [] if is_seen else [suspicion("architecture-1.3-1", "abort", words, "a whole one")]
    if response.content != b"".join(b"piece %d\n" % number for number in range(int(count))):
        return [suspicion("architecture-1.2-1", "pieces", f"{count} pieces", told(response))]
    return []


def is_untouched(asked: Asked, response: Response) -> list[Suspicion]:
    """Where there is nothing with ranges or validators, fields about them change nothing (Sections 13.1.5, 13.2.1, 14.2)."""
    if response.status == 431 and sum(len(name) + len(value) for name, value in asked.request.fields) < SMALL:
        return [suspicion("rfc9110-5.1-2", "many-fields", "no refusal of fields for their number", told(response))]
    plain = {"root", "redirect", "param", "status", "stream"}
    if asked.endpoint not in plain or (asked.endpoint == "status" and asked.value == b"%d" % response.status):
        return []
    names = {name.lower() for name, _ in asked.request.fields}
    if response.status == 412 and names.isdisjoint({b"if-match", b"if-unmodified-since", b"if-none-match"}):
        requirement = "rfc9110-13.1.5-3" if b"if-range" in names else "rfc9110-13.2.1-2"
        return [suspicion(requirement, "412-unasked", "no 412, as no condition of it is false", told(response))]
    if response.status == 416 and asked.method == "GET" and (asked.value == b"404" or asked.endpoint == "redirect"):
        return [suspicion("rfc9110-14.2-a1", "416-elsewhere", "the answer as without Range", told(response))]
    if response.status == 400 and b"content-range" in names:
        return [suspicion("rfc9110-14.4-3", "content-range", "the answer as without Content-Range", told(response))]
    return []


def redirect(response: Response) -> list[Suspicion]:
    """A redirection says where to."""
    if response.status == 302 and not response.values(b"Location"):
        return [suspicion("rfc9110-15.4.3-1", "location", "Location in a 302", "none")]
    return []


def param(asked: Asked, response: Response) -> list[Suspicion]:
    """The value, percent-decoded once."""
    if asked.method != "GET" or response.status != 200:
        return []
    wanted = unquote_to_bytes(asked.value)
    if response.content == wanted:
        return []
    is_twice = response.content == unquote_to_bytes(wanted)
    requirement = "rfc3986-2.4-a1" if is_twice else "rfc3986-2.3-a1"
    return [suspicion(requirement, "param", f"{wanted!r}", f"{response.content[:80]!r}")]


def echo(asked: Asked, response: Response) -> list[Suspicion]:
    """What was received, as it was received."""
    said = read_echo(response) if response.status == 200 and asked.method != "HEAD" else None
    if said is None:
        return []
    parts = (
        ("rfc9110-9.1-a1", "method", asked.method, said.method),
        ("rfc9112-3.2-a1", "target", asked.target, said.target),
        ("rfc9112-6.3-a1", "content", asked.content, said.body),
    )
    for requirement, name, wanted, read_as in parts:
        if read_as is not None and read_as != wanted:
            words = f"{wanted[:80]!r}", f"{read_as[:80]!r}"
            return [suspicion(requirement if requirement != "rfc9110-9.1-a1" else "", f"echo-{name}", *words)]
    return _fields(asked, said) + _trailers(asked, said)


def _fields(asked: Asked, said: Echo) -> list[Suspicion]:
    if said.fields is None:
        return []
    sent = _joined(asked.request.fields)
    read_as = _joined(said.fields)
    for name, value in sent.items():
        if name in HOP_BY_HOP or (name not in read_as and b"_" in name):
            continue  # an underscore may be left out, for the sake of who would take it for a dash
        if read_as.get(name) != value:
            words = f"{name.decode()}: {value[:60]!r}", f"{read_as.get(name, b'nothing')[:60]!r}"
            return [suspicion("rfc9110-5.3-1", "echo-fields", *words)]
    added = read_as.keys() - sent.keys() - HOP_BY_HOP
    if added:
        return [suspicion("", "echo-added", "the fields that were sent", f"{min(added)!r} beside them")]
    return []


def _joined(lines: tuple[tuple[bytes, bytes], ...]) -> dict[bytes, bytes]:
    """Return each name once, as an interface may that joins lines."""
    made: dict[bytes, list[bytes]] = {}
    for name, value in lines:
        made.setdefault(name.lower(), []).append(value)
    return {name: b"; ".join(values) if name == b"cookie" else b", ".join(values) for name, values in made.items()}


def _trailers(asked: Asked, said: Echo) -> list[Suspicion]:
    if said.trailers is None or asked.meaning is None:
        return []
    has_chunks = any(name.lower() == b"transfer-encoding" for name, _ in asked.request.fields)
    merged = said.fields is not None and any(name.lower() == b"x-trailer" for name, _ in said.fields)
    if has_chunks and merged:
        return [suspicion("rfc9110-6.5.1-3", "trailers-merged", "trailer fields apart from the others", "merged")]
    return []


def download(asked: Asked, response: Response) -> list[Suspicion]:
    """A name to save under, written so that every client reads the same (RFC 6266)."""
    if response.status != 200:
        return []
    wanted = unquote_to_bytes(asked.value).decode("utf-8", "replace")
    found = read(response)
    if found is None:
        return [suspicion("", "no-disposition", "Content-Disposition", "none")]
    if found.flaws:
        flaw = min(found.flaws)
        return [
            suspicion(
                FLAWS.get(flaw, "rfc6266-3-1"), f"flaw-{flaw.name.lower()}", "no flaw", f"{flaw}: {found.value!r}"
            )
        ]
    if wanted not in found.names and not _is_made_safe(wanted, found.names):
        return [suspicion("rfc6266-D-a5", "name", f"{wanted!r}", f"{found.names!r} in {found.value!r}")]
    return _beside_extended(found)


def _beside_extended(found: Disposition) -> list[Suspicion]:
    """Who reads no filename* finds a filename, and before it (RFC 6266, Appendix D)."""
    if b"filename*" not in found.order:
        return []
    if b"filename" not in found.order:
        return [suspicion("rfc6266-D-a6", "alone", "a filename too", f"{found.value!r}")]
    if found.order.index(b"filename*") < found.order.index(b"filename"):
        return [suspicion("rfc6266-D-a7", "first", "filename before filename*", f"{found.value!r}")]
    return []


def _is_made_safe(wanted: str, names: tuple[str, ...]) -> bool:
    """Whether what no file system likes in a name was taken out of it."""
    if any(name and wanted.endswith(f"{mark}{name}") for name in names for mark in "/\\"):
        return True  # only the last segment of what looks like a path (RFC 6266, Section 4.3)
    letters = Counter(letter for letter in wanted if letter.isalnum())
    has_control = any(not letter.isprintable() or letter in '"\\/' for letter in wanted)
    return has_control and any(not letters - Counter(name) for name in names)


def auth(asked: Asked, response: Response) -> list[Suspicion]:
    """Who has the credentials is let in, and nobody else."""
    lines = asked.values(b"Authorization")
    is_right = (
        len(lines) == 1 and CREDENTIALS.fullmatch(lines[0]) is not None and lines[0].endswith(b"bWVya2hldDptZXJraGV0")
    )
    if is_right and response.status == 401:
        requirement = "" if b"  " in lines[0] else "rfc9110-11.1-a1"
        return [suspicion(requirement, "auth-right", "200, as the credentials are right", told(response))]
    if not is_right and response.status == 200:
        return [suspicion("rfc9110-11.4-1", "auth-wrong", "401, as the credentials are not right", told(response))]
    if not is_right and response.status >= 500:
        return [suspicion("rfc9110-11.4-1", "auth-error", "401", told(response))]
    return []


def trace(asked: Asked, response: Response) -> list[Suspicion]:
    """The request, without what is secret."""
    if response.status != 200:
        return []
    head = response.content.lower()
    if any(b"\n" + name + b":" in head for name in SECRET):
        return [suspicion("rfc9110-9.3.8-3", "trace-secret", "no credentials and no cookies in it", "they are there")]
    if not response.content.startswith(b"TRACE " + asked.target):
        return [
            suspicion("rfc9110-9.3.8-1", "trace", "the request line as it was received", f"{response.content[:60]!r}")
        ]
    return []
