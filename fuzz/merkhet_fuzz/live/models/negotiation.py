"""Codings and types that a request prefers (RFC 9110, Sections 12.5.1, 12.5.3 and 12.5.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from merkhet.answer import Response
from merkhet.expect_codings import KNOWN, decoded
from merkhet.model import Weight
from merkhet_fuzz.live.models import describing
from merkhet_fuzz.live.models.asked import Asked, suspicion, told
from merkhet_fuzz.oracles import Suspicion

MEMBER = re.compile(rb"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z/]+)((?:[ \t]*;[ \t]*[^,;]+)*)[ \t]*")
WEIGHT = re.compile(rb"[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*", re.IGNORECASE)
HTML, JSON = b"text/html", b"application/json"
Fields = tuple[tuple[bytes, bytes], ...]
JSON_DOCUMENT = re.compile(rb'\s*\{\s*"name"\s*:\s*"merkhet"\s*\}\s*')


def weights(lines: tuple[bytes, ...]) -> dict[bytes, float] | None:
    """Return the weight of each member, in small letters; None for a list that is not plain, or not at one with itself."""
    made: dict[bytes, float] = {}
    for member in b",".join(lines).split(b","):
        if not member.strip(b" \t"):
            continue
        match = MEMBER.fullmatch(member)
        if match is None:
            return None
        weight = WEIGHT.fullmatch(match[2]) if match[2] else None
        if match[2] and weight is None:
            return None
        value = float(weight[1]) if weight is not None else 1.0
        if made.setdefault(match[1].lower(), value) != value:
            return None  # one member with two weights: no text says which of them counts
    return made


def coding(asked: Asked, response: Response, files: Mapping[str, bytes], tags: dict[bytes, bytes]) -> list[Suspicion]:
    """The text, in a coding that the request takes; `tags` has the coding that an entity tag stood for before."""
    if response.status not in {200, 206, 304}:
        return []
    codings = b", ".join(response.members(b"Content-Encoding"))
    wanted = weights(asked.values(b"Accept-Encoding"))
    # VERDICTS 97: who has ranges of the plain octets alone may leave the coding out where one is asked for.
    is_judged = response.status == 200 and not asked.values(b"Range")
    if wanted is not None and asked.values(b"Accept-Encoding") and is_judged:
        problem = _acceptable(codings, wanted)
        # Who sends no coding to HTTP/1.0 has nothing that is acceptable, and may send what it has (VERDICTS 95).
        # And HEAD may leave out what is known only when content is made (VERDICTS 93).
        if problem and (codings or (asked.request.version != "1.0" and asked.method == "GET")):
            return [problem]
    text = files.get("text.txt")
    if response.status == 200 and asked.method == "GET" and text is not None:
        plain = decoded(response) if codings else response.content
        if plain != text and (plain is not None or KNOWN.issuperset(response.members(b"Content-Encoding"))):
            return [suspicion("rfc9110-8.4-1", "coding-content", "the text, when decoded", told(response))]
    return _tag(response, codings, tags) if asked.method == "GET" else []


def cased(asked: Asked, response: Response, coded: Mapping[bytes, Fields]) -> list[Suspicion]:
    """A coding has the same meaning in capital letters; `coded` are the fields of a 200 by the value of Accept-Encoding."""
    lines = asked.values(b"Accept-Encoding")
    is_judged = response.status == 200 and asked.method == "GET" and asked.request.version != "1.0"
    if not is_judged or len(lines) != 1 or asked.values(b"Range") or lines[0].lower() != b"gzip":
        return []
    used = b", ".join(value for name, value in coded.get(b"gzip", ()) if name.lower() == b"content-encoding")
    if used.lower() != b"gzip" or response.members(b"Content-Encoding"):
        return []
    return [
        suspicion("rfc9110-8.4.1-a1", "coding-case", "gzip, as where it is asked for in small letters", "no coding")
    ]


def kept(asked: Asked, response: Response, coded: Mapping[bytes, Fields]) -> list[Suspicion]:
    """A 304 has what the 200 to the same Accept-Encoding has; `coded` are the fields of that, by the field's value."""
    fields = coded.get(asked.value_of(b"Accept-Encoding") or b"")
    if response.status != 304 or fields is None or len(asked.values(b"Accept-Encoding")) > 1:
        return []
    return describing.not_modified(response, fields)


def _acceptable(codings: bytes, wanted: dict[bytes, float]) -> Suspicion | None:
    other = wanted.get(b"*")
    identity = wanted.get(b"identity", 0.0 if other == 0 else None)
    used = codings.removeprefix(b"x-") or b"identity"
    weight = identity if used == b"identity" else wanted.get(used, wanted.get(b"x-" + used, other or 0.0))
    if used != b"identity" and not weight:
        requirement = "rfc9110-12.5.3-a4" if not wanted else "rfc9110-12.5.3-a2"
        return suspicion(requirement, "coding-unasked", f"none that is not acceptable: {wanted}", f"{codings!r}")
    gzip = max(wanted.get(b"gzip", 0.0), wanted.get(b"x-gzip", 0.0)) or (other or 0.0 if b"gzip" not in wanted else 0.0)
    if used == b"identity" and identity == 0 and gzip:
        return suspicion("rfc9110-12.5.3-a3", "identity-excluded", "gzip, as identity is excluded", "no coding")
    if used == b"gzip" and identity is not None and identity > (weight or 0.0):
        return suspicion("rfc9110-12.5.3-a5", "identity-preferred", "no coding, as that is preferred", f"{codings!r}")
    return None


def _tag(response: Response, codings: bytes, tags: dict[bytes, bytes]) -> list[Suspicion]:
    found = response.values(b"ETag")
    if response.status != 200 or not found or found[0].startswith(b"W/"):
        return []
    before = tags.get(found[0], codings)
    if before != codings:
        return [
            suspicion("rfc9110-8.8.3.3-a1", "coding-tag", "another strong tag for each coding", f"{found[0]!r} for two")
        ]
    return []


def vary(asked: Asked, response: Response, field: bytes) -> list[Suspicion]:
    """Who chooses by a field says so; in the answer to HEAD it may be left out (VERDICTS 93)."""
    if asked.method == "HEAD":
        return []
    if response.status == 200 and field not in response.members(b"Vary") and b"*" not in response.members(b"Vary"):
        words = f"Vary: {field.decode()}"
        return [
            suspicion(
                "rfc9110-12.5.5-3", f"vary-{field.decode()}", words, f"{response.values(b'Vary')!r}", Weight.WARNING
            )
        ]
    return []


def choice(asked: Asked, response: Response) -> list[Suspicion]:
    """The representation that the request prefers, or 406 where it takes neither."""
    if response.status != 200:
        return []
    kind = next(iter(response.values(b"Content-Type")), b"").partition(b";")[0].strip().lower()
    if asked.method == "GET" and not response.values(b"Content-Encoding"):
        is_right = (
            JSON_DOCUMENT.fullmatch(response.content) if kind == JSON else response.content.strip() == b"<p>merkhet</p>"
        )
        if not is_right:
            return [suspicion("", "choice-content", f"what is {kind!r}", told(response))]
    wanted = weights(asked.values(b"Accept"))
    if wanted is None or not asked.values(b"Accept"):
        return []
    html, json = _quality(wanted, HTML), _quality(wanted, JSON)
    better = HTML if html > json else JSON if json > html else kind
    if kind != better:
        words = f"{better!r}, as {wanted} prefers it"
        return [suspicion("rfc9110-12.5.1-2", "choice", words, f"{kind!r}", Weight.WARNING)]
    return []


def _quality(wanted: dict[bytes, float], kind: bytes) -> float:
    """Return the weight of a type by the most specific range that has it (Section 12.5.1)."""
    for name in (kind, kind.partition(b"/")[0] + b"/*", b"*/*"):
        if name in wanted:
            return wanted[name]
    return 0.0
