"""Files: parts of them, and conditions (RFC 9110, Sections 13, 14, 15.3.7 and 15.4.5)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import unquote_to_bytes

from merkhet.answer import Response
from merkhet.model import Weight
from merkhet.wire import byteranges
from merkhet_fuzz.judges import values
from merkhet_fuzz.live.models import describing
from merkhet_fuzz.live.models.asked import Asked, FileFacts, suspicion, told
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.verdicts import Decision

TAG = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
CONTENT_RANGE = re.compile(rb"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)")
UNSATISFIED = re.compile(rb"bytes \*/([0-9]{1,19})")
Spec = tuple[int | None, int | None]
Span = tuple[int, int]
UNSURE = -1
"""What conditions ask for that are not written by their grammar, which may be read in more than one way."""
CONDITIONS = (b"If-Match", b"If-None-Match", b"If-Modified-Since", b"If-Unmodified-Since")


def name_of(asked: Asked) -> str:
    """Return the file that a path names: decoded once."""
    return unquote_to_bytes(asked.value).decode("utf-8", "surrogateescape")


def judge(asked: Asked, response: Response, files: Mapping[str, FileFacts]) -> list[Suspicion]:
    """Return what is wrong with an answer below `files`."""
    name = name_of(asked)
    facts = files.get(name)
    if not asked.is_read:
        if response.status in {206, 304, 416}:
            requirement = "rfc9110-13.1.3-2c" if response.status == 304 else "rfc9110-14.2-2"
            return [suspicion(requirement, "other-method", "no part, for a method that is not GET", told(response))]
        return []
    if facts is None:
        return _absent(asked, response)
    expected, requirement, may = conditions(asked, facts)
    if expected == UNSURE:
        return _two_dates(asked, response)
    if expected is not None and response.status != expected:
        if response.status in may:
            return []
        return [suspicion(requirement, f"{expected}", f"{expected}", told(response))]
    if response.status == 304:
        return _not_modified(asked, response, facts, expected)
    if response.status == 412:
        return _failed(asked, response, facts, expected)
    return _content(asked, response, facts)


def _absent(asked: Asked, response: Response) -> list[Suspicion]:
    """Nothing is there, so no condition and no range counts, and no file of another place is given out."""
    if response.status in {206, 304, 416, 412}:
        return [suspicion("rfc9110-13.2.1-2", "absent", "404, as without a condition", told(response))]
    if response.status == 200 and asked.method == "GET":
        return [suspicion("rfc3986-5.2.4-a1", "outside", "no file, as none has this name", told(response))]
    return []


def conditions(asked: Asked, facts: FileFacts) -> tuple[int | None, str, frozenset[int]]:
    """Return the status that the conditions ask for, None for "go on"; the requirement; and what is right beside it."""
    written = {name: _lines(asked, name) for name in CONDITIONS}
    # Validators are the server's own: of what has none, nothing is asked (docs/contract.md).
    if not facts.has_validators or not all(_is_plain(name, lines) for name, lines in written.items()):
        return UNSURE, "", frozenset()
    # Who evaluates neither is told so where there is no other condition (VERDICTS 83), and not time and again.
    is_alone = sum(bool(lines) for lines in written.values()) == 1
    if written[b"If-Match"] and (is_alone or "If-Match" in facts.evaluates):
        if not _matches(written[b"If-Match"][0], facts, is_strong=True):
            return 412, "rfc9110-13.1.1-2", frozenset()
    elif _dates_count(written, facts) or (is_alone and written[b"If-Unmodified-Since"]):
        since = _date(written[b"If-Unmodified-Since"][0])
        if since is not None and facts.modified is not None and facts.modified > since:
            return 412, "rfc9110-13.1.4-6", frozenset()
    if written[b"If-None-Match"]:
        if _matches(written[b"If-None-Match"][0], facts, is_strong=False):
            return 304, "rfc9110-13.1.2-4a", frozenset()
        return None, "", frozenset()
    return _since(written[b"If-Modified-Since"], facts)


def _dates_count(written: Mapping[bytes, Sequence[bytes]], facts: FileFacts) -> bool:
    is_there = bool(written[b"If-Unmodified-Since"]) and not written[b"If-Match"]
    return is_there and "If-Unmodified-Since" in facts.evaluates


def _lines(asked: Asked, name: bytes) -> tuple[bytes, ...]:
    """Return the lines of a condition; those of a list as one."""
    lines = asked.values(name)
    return (b", ".join(lines),) if name.endswith(b"Match") and len(lines) > 1 else lines


def _since(lines: Sequence[bytes], facts: FileFacts) -> tuple[int | None, str, frozenset[int]]:
    if len(lines) != 1 or facts.modified is None:
        return None, "", frozenset()
    since = _date(lines[0])
    if since is None or since < facts.modified:
        return None, "", frozenset()
    if facts.date is not None and since > facts.date:
        return (
            304,
            "rfc9110-13.1.3-6",
            frozenset({200, 206, 416}),
        )  # a date in the future is none, or later than all others
    # VERDICTS 86: an exact date is asked for by some, and the sentence is a SHOULD.
    may = frozenset({200, 206, 416}) if since != facts.modified else frozenset[int]()
    return 304, "rfc9110-13.1.3-6", may


def _two_dates(asked: Asked, response: Response) -> list[Suspicion]:
    """Two dates are none, and are not read (VERDICTS 87: most servers read the first)."""
    if response.status != 304 or len(asked.values(b"If-Modified-Since")) < 2 or asked.values(b"If-None-Match"):
        return []
    words = "no 304, as there are two dates"
    return [suspicion("rfc9110-13.1.3-2b", "two-dates", words, told(response), Weight.WARNING)]


def _is_plain(name: bytes, lines: Sequence[bytes]) -> bool:
    """Whether a condition is written by its grammar, so that nobody can read it otherwise."""
    if not lines:
        return True
    if name.endswith(b"Match"):
        return len(lines) == 1 and (lines[0] == b"*" or _tags(lines[0]) is not None)
    if name == b"If-Modified-Since" and len(lines) > 1:
        return False  # VERDICTS 87: most read the first
    return len(lines) == 1 and (_date(lines[0]) is not None or not any(octet in lines[0] for octet in b"0123456789"))


def _tags(value: bytes) -> list[tuple[bool, bytes]] | None:
    """Return (is weak, opaque) of each tag of a list; None if it is no list, or one that has gaps."""
    at, found = 0, list[tuple[bool, bytes]]()
    while True:
        match = TAG.match(value, at)
        if match is None:
            return None
        found.append((match[1] is not None, match[2]))
        if match.end() == len(value):
            return found
        gap = re.compile(rb"[ \t]*,[ \t]*").match(value, match.end())
        if gap is None:
            return None
        at = gap.end()


def _matches(value: bytes, facts: FileFacts, *, is_strong: bool) -> bool:
    if value == b"*":
        return True
    own = TAG.fullmatch(facts.etag)
    if own is None:
        return False
    return any(opaque == own[2] and not (is_strong and (is_weak or own[1])) for is_weak, opaque in _tags(value) or ())


def _date(value: bytes) -> dt.datetime | None:
    verdict, meaning = values.date(value)
    if verdict.decision is not Decision.ACCEPT or not isinstance(meaning[0], int):
        return None
    return values.EPOCH + dt.timedelta(seconds=meaning[0])


def _not_modified(asked: Asked, response: Response, facts: FileFacts, expected: int | None) -> list[Suspicion]:
    if expected != 304:
        if not any(asked.values(name) for name in (b"If-None-Match", b"If-Modified-Since")):
            return []  # the judge's own rules have that
        if asked.values(b"If-None-Match") and _is_plain(b"If-None-Match", _lines(asked, b"If-None-Match")):
            return [suspicion("rfc9110-13.1.2-1", "no-tag-matches", "no 304, as no tag matches", told(response))]
        since = _date(asked.values(b"If-Modified-Since")[0])
        if since is None:
            return [suspicion("rfc9110-13.1.3-2a", "no-date", "no 304, as that is no date", told(response))]
        if facts.modified is not None and since < facts.modified:
            return [suspicion("rfc9110-13.1.3-a1", "earlier", "no 304, as it was modified since", told(response))]
        return []
    if problem := describing.not_modified(response, facts.fields):
        return problem
    return _same_tag(response, facts)


def _failed(asked: Asked, response: Response, facts: FileFacts, expected: int | None) -> list[Suspicion]:
    if expected == 412:
        return []
    if not any(asked.values(name) for name in (b"If-Match", b"If-Unmodified-Since")):
        return [suspicion("rfc9110-13.2.2-1", "412-unasked", "no 412, as no such condition was made", told(response))]
    if asked.values(b"If-Match"):
        if _matches(_lines(asked, b"If-Match")[0], facts, is_strong=True):
            return [suspicion("rfc9110-13.1.1-2", "412-true", "no 412, as the condition is true", told(response))]
        return []
    since = _date(asked.values(b"If-Unmodified-Since")[0])
    if since is None:
        return [suspicion("rfc9110-13.1.4-2", "412-no-date", "no 412, as that is no date", told(response))]
    if facts.modified is not None and facts.modified <= since:
        return [suspicion("rfc9110-13.1.4-5", "412-date", "no 412, as the condition is true", told(response))]
    return []


def _same_tag(response: Response, facts: FileFacts) -> list[Suspicion]:
    tags = response.values(b"ETag")
    if tags and facts.etag and tags[0] != facts.etag:
        return [suspicion("rfc9110-8.8.1-1", "other-tag", f"the tag {facts.etag!r}", f"the tag {tags[0]!r}")]
    return []


def _content(asked: Asked, response: Response, facts: FileFacts) -> list[Suspicion]:
    """The answer has the content, or the parts of it that were asked for, or says that there are none."""
    is_coded = bool(response.values(b"Content-Encoding"))
    ranges = asked.values(b"Range")
    specs = _specs(ranges, facts)
    if response.status == 200:
        if not is_coded and asked.method == "GET" and response.complete and response.content != facts.content:
            return [suspicion("rfc9110-14.2-a1" if ranges else "", "content", "the octets of the file", told(response))]
        lengths = response.values(b"Content-Length")
        if not is_coded and asked.method == "HEAD" and lengths and lengths[0] != b"%d" % len(facts.content):
            return [suspicion("rfc9110-8.6-3b", "head-length", f"{len(facts.content)}", f"{lengths[0]!r}")]
        if (
            specs
            and facts.has_ranges
            and asked.method == "GET"
            and _if_range_is_true(asked, facts) is True
            and _is_sure(ranges, specs)
        ):
            requirement = "rfc9110-13.1.5-8" if asked.values(b"If-Range") else "rfc9110-14.2-9"
            return [suspicion(requirement, "200", "206 with the range that was asked for", told(response))]
        return _same_tag(response, facts) or describing.whole(asked, response, facts)
    if response.status in {400, 416} and _is_unknown_unit(ranges):  # VERDICTS 61
        return [suspicion("rfc9110-14.2-3", "unit-refused", "200, as the unit is not known", told(response))]
    if response.status == 206 and ranges:
        return _parts(asked, response, facts, specs)
    if response.status == 416 and ranges:
        return _unsatisfied(asked, response, facts, specs)
    if response.status == 404:
        return [suspicion("", "gone", "the file", told(response))]
    return []


def _is_unknown_unit(ranges: Sequence[bytes]) -> bool:
    return len(ranges) == 1 and values.range_(ranges[0])[0].requirement == "rfc9110-14.2-3"


def _is_sure(ranges: Sequence[bytes], specs: Sequence[Span]) -> bool:
    """Whether a server that has ranges should give this one: one range, simply written."""
    return len(ranges) == 1 and len(specs) == 1 and b"," not in ranges[0]


def _specs(ranges: Sequence[bytes], facts: FileFacts) -> list[Span] | None:
    """Return the positions of the satisfiable ranges; [] if none is, None if the field may be ignored, or must be."""
    if len(ranges) != 1:
        return None
    verdict, meaning = values.range_(ranges[0])
    if verdict.decision not in {Decision.ACCEPT, Decision.EITHER} or not meaning:
        return None
    asked_for = _each(meaning[0])
    if not facts.content and any(first is None and last for first, last in asked_for):
        return None  # such a suffix can be satisfied, and no Content-Range can say so (VERDICTS 72)
    return [span for spec in asked_for if (span := _span(spec, len(facts.content))) is not None]


def _each(meaning: object) -> Sequence[Spec]:
    return cast("Sequence[Spec]", meaning) if isinstance(meaning, tuple) else ()


def _span(spec: Spec, length: int) -> Span | None:
    first, last = spec
    if first is None:
        return (max(0, length - (last or 0)), length - 1) if last and length else None
    if first >= length:
        return None
    return first, length - 1 if last is None else min(last, length - 1)


def _if_range_is_true(asked: Asked, facts: FileFacts) -> bool | None:
    """Whether If-Range lets the range through; None where that is not sure (Section 13.1.5)."""
    value = asked.value_of(b"If-Range")
    if value is None:
        return None if asked.values(b"If-Range") else True
    match = TAG.fullmatch(value)
    if match is not None:
        return match[1] is None and facts.is_strong and value == facts.etag
    since = _date(value)
    if since is None:
        return None
    return None if since == facts.modified else False


def _parts(asked: Asked, response: Response, facts: FileFacts, specs: list[Span] | None) -> list[Suspicion]:
    if specs is None:
        verdict, _ = values.range_(asked.values(b"Range")[0])
        if verdict.requirement == "rfc9110-14.2-3":
            return [suspicion("rfc9110-14.2-3", "unit", "200, as the unit is not known", told(response))]
        return []
    if not specs:
        return [suspicion("rfc9110-14.1.2-a4", "unsatisfiable", "416, or 200", told(response))]
    if _if_range_is_true(asked, facts) is False:
        return [suspicion("rfc9110-13.1.5-7", "if-range", "200, as If-Range is not true", told(response))]
    if asked.method == "HEAD":  # VERDICTS 73
        words = "200, as HEAD has no ranges"
        return [suspicion("rfc9110-14.2-2", "head", words, told(response), Weight.WARNING)]
    if problem := describing.part(asked, response, facts):
        return problem
    content_range = response.values(b"Content-Range")
    if content_range:
        return _one_part(asked, response, facts, specs, content_range[0])
    return _several(response, facts, specs)


def _one_part(asked: Asked, response: Response, facts: FileFacts, specs: list[Span], written: bytes) -> list[Suspicion]:
    match = CONTENT_RANGE.fullmatch(written)
    if match is None:
        return [suspicion("rfc9110-14.4-a1", "content-range", "bytes FIRST-LAST/LENGTH", f"{written!r}")]
    first, last = int(match[1]), int(match[2])
    if match[3] == b"*":  # VERDICTS 80
        return [suspicion("rfc9110-14.4-4", "no-length", "the complete length", f"{written!r}", Weight.WARNING)]
    if int(match[3]) != len(facts.content):
        words = f"complete length {len(facts.content)}"
        return [suspicion("rfc9110-14.4-a1", "complete-length", words, f"{written!r}")]
    if not first <= last < len(facts.content):
        return [suspicion("rfc9110-14.4-a1", "positions", "positions within the file", f"{written!r}")]
    if not response.values(b"Content-Encoding") and response.content != facts.content[first : last + 1]:
        return [suspicion("rfc9110-15.3.7.1-1", "octets", f"the octets {first} to {last}", told(response))]
    is_asked = (first, last) in specs if b"," not in asked.values(b"Range")[0] else _covers([(first, last)], specs)
    if not is_asked:
        return [suspicion("rfc9110-15.3.7.1-1", "other-range", f"{specs}", f"{written!r}")]
    return _same_tag(response, facts)


def _covers(given: Sequence[Span], specs: Sequence[Span]) -> bool:
    """Whether each span that is given lies within what was asked for, from its first octet to its last."""
    least, most = min(first for first, _ in specs), max(last for _, last in specs)
    return all(least <= first and last <= most for first, last in given)


def _is_in_order(spans: list[Span], specs: list[Span]) -> bool:
    """Tell whether the parts can be laid to the ranges that were asked for without going back; several may lie in one."""
    at = 0
    for span in spans:
        behind = (number for number in range(at, len(specs)) if _touches(span, specs[number]))
        at = next(behind, len(specs))
    return at < len(specs)


def _several(response: Response, facts: FileFacts, specs: list[Span]) -> list[Suspicion]:
    try:
        parts = byteranges.read(response)
    except byteranges.MalformedError as problem:
        return [suspicion("rfc9110-15.3.7.2-1", "multipart", "multipart/byteranges by its grammar", str(problem))]
    for part in parts:
        if part.complete is not None and part.complete != len(facts.content):
            words = f"complete length {len(facts.content)}"
            return [suspicion("rfc9110-14.4-a1", "part-length", words, f"{part.complete}")]
        if part.last >= len(facts.content) or part.content != facts.content[part.first : part.last + 1]:
            words = f"the octets {part.first} to {part.last}"
            return [suspicion("rfc9110-15.3.7.2-3", "part-octets", words, "other octets")]
    spans = [(part.first, part.last) for part in parts]
    if not _covers(spans, specs):
        return [suspicion("rfc9110-15.3.7.2-3", "other-parts", f"{specs}", f"{spans}")]
    missing = [spec for spec in specs if not any(first <= spec[0] and spec[1] <= last for first, last in spans)]
    if missing:
        return [suspicion("rfc9110-15.3.7.2-3", "missing", f"{specs}", f"{spans}", Weight.WARNING)]
    if not _is_in_order(spans, specs):
        return [suspicion("rfc9110-15.3.7.2-9", "order", f"{specs}", f"{spans}", Weight.WARNING)]
    kind = describing.value_of(facts.fields, b"content-type")
    if kind and any(part.content_type != kind for part in parts):
        return [
            suspicion("rfc9110-15.3.7.2-4", "part-type", f"{kind!r} in each part", "another, or none", Weight.WARNING)
        ]
    return []


def _touches(span: Span, spec: Span) -> bool:
    return span[0] <= spec[0] <= span[1]


def _unsatisfied(asked: Asked, response: Response, facts: FileFacts, specs: list[Span] | None) -> list[Suspicion]:
    if asked.method == "HEAD":  # VERDICTS 73
        words = "200, as HEAD has no ranges"
        return [suspicion("rfc9110-14.2-2", "head", words, told(response), Weight.WARNING)]
    if specs is None:
        return []
    if specs and b"," not in asked.values(b"Range")[0] and _if_range_is_true(asked, facts) is True:
        return [suspicion("rfc9110-14.2-9", "416", "206, as the range can be satisfied", told(response))]
    if specs and _if_range_is_true(asked, facts) is True and facts.has_ranges:
        return [suspicion("rfc9110-14.1.2-a6", "416", "206, as one of the ranges can be satisfied", told(response))]
    if _if_range_is_true(asked, facts) is False:
        return [suspicion("rfc9110-13.1.5-7", "if-range-416", "200, as If-Range is not true", told(response))]
    written = response.values(b"Content-Range")
    match = UNSATISFIED.fullmatch(written[0]) if written else None
    if written and match is None:
        return [suspicion("rfc9110-14.4-6", "content-range", "bytes */LENGTH", f"{written[0]!r}", Weight.WARNING)]
    if match is not None and int(match[1]) != len(facts.content):
        return [suspicion("rfc9110-14.4-a1", "416-length", f"{len(facts.content)}", f"{written[0]!r}")]
    if not written:
        return [suspicion("rfc9110-14.4-6", "no-content-range", "Content-Range: bytes */LENGTH", "a 416 without it")]
    return []
