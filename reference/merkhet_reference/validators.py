"""RFC 9110, Section 8.8: Validator Fields. Entity tags and modification dates: read, compared, and made for files."""

from __future__ import annotations

import enum
import functools
import hashlib
import math
import os
import re
from typing import Final, Literal, NamedTuple

from merkhet_reference import abnf, http_date

OPAQUE_TAG = rb'"[\x21\x23-\x7e\x80-\xff]*+"'
ENTITY_TAG = rb"(?:W/)?+" + OPAQUE_TAG
"""Section 8.8.3: no whitespace, no escapes; a backslash is an octet like others, and W is upper case."""

ONE_TAG = abnf.whole(ENTITY_TAG)

MEMBER = rb"(?:" + ENTITY_TAG + abnf.OWS + rb")?+"
TAG_LIST = abnf.whole(abnf.OWS + MEMBER + rb"(?:," + abnf.OWS + MEMBER + rb")*+")
"""Section 5.6.1.2: members may be empty, all of them too."""

TAG_IN_LIST = re.compile(ENTITY_TAG)
"""A comma inside the quotes is part of the tag: lists are never split at commas."""

SETTLED_SECONDS_MIN = 2
"""How long ago a change has to be before no second one can have the same time.

# Choice: a second suffices for two clocks that agree (Section 8.8.2.2). The coarsest file system in use, FAT, counts in
steps of two, and this also leaves room for a clock that is read late.
"""


class EntityTag(NamedTuple):
    """Section 8.8.3: what is between the quotes, and whether W/ stands before them."""

    opaque: bytes
    weak: bool

    def encode(self) -> bytes:
        """Return the tag as it is in ETag."""
        return (b'W/"%s"' if self.weak else b'"%s"') % self.opaque  # [rfc9110-8.8.3-a1]


class AnyTag(enum.Enum):
    """What "*" is in place of a list of entity tags: any tag at all, and also the lack of one."""

    ANY = "*"


ANY: Final = AnyTag.ANY


class Validators(NamedTuple):
    """What tells one state of a representation from another; both None if nothing is known but that there is one.

    `last_modified` is in whole seconds since the epoch, and never later than Date will be (Section 8.8.2.1).
    """

    entity_tag: EntityTag | None
    last_modified: int | None


def parse_entity_tag(value: bytes) -> EntityTag | None:
    """Return the one entity tag that `value` is, or None if it is something else."""
    return None if ONE_TAG.match(value) is None else entity_tag(value)


def parse_entity_tags(values: list[bytes]) -> list[EntityTag] | Literal[AnyTag.ANY] | None:
    """Return the entity tags of If-Match or If-None-Match, given the values of all its lines (Section 13.1.1, 13.1.2).

    ANY for "*" alone; None if the value is neither "*" nor a list of tags, as a list with "*" in it is not.
    """
    # No tag comes about across two lines: SP, which joins them, is in no tag.
    combined = b", ".join(values)
    if combined == b"*":
        return ANY
    if TAG_LIST.match(combined) is None:
        return None
    return [entity_tag(tag) for tag in TAG_IN_LIST.findall(combined)]


def entity_tag(octets: bytes) -> EntityTag:
    """Return the entity tag of octets that are known to be one."""
    weak = octets.startswith(b"W/")
    return EntityTag(octets[3:-1] if weak else octets[1:-1], weak)


def strong_match(one: EntityTag, other: EntityTag) -> bool:
    """Section 8.8.3.2: the same octets for certain. A weak tag is not even equal to itself."""
    return not one.weak and not other.weak and one.opaque == other.opaque


def weak_match(one: EntityTag, other: EntityTag) -> bool:
    """Section 8.8.3.2: the one is good enough in place of the other."""
    return one.opaque == other.opaque


def variant_tag(tag: EntityTag, coding: bytes) -> EntityTag:
    """Return the tag of the same representation in a content coding: other octets, so another tag (Section 8.8.3.3).

    `coding` is a token in lower case. The tag is as strong as `tag` is, so the coder must make the same octets of the
    same octets each time; if it does not, give a weak `tag`.
    """
    return EntityTag(b"%s-%s" % (tag.opaque, coding), tag.weak)  # [rfc9110-8.8.3.3-a1]


def file_validators(status: os.stat_result, now: float) -> Validators:
    """Return the validators of a file's octets. `now`, in seconds since the epoch, is when `status` was taken.

    Where it was a little earlier, all stays right; a later `now` may call a file settled that is not.
    """
    return Validators(file_tag(status, now), file_last_modified(status, now))


@functools.lru_cache(maxsize=1024)
def opaque_tag(*numbers: int) -> bytes:
    """Return what stands between the quotes: a hash of these numbers."""
    return hashlib.blake2b(b"%d %d %d" % numbers, digest_size=16).hexdigest().encode("ascii")


def file_tag(status: os.stat_result, now: float) -> EntityTag:
    """Return a tag that changes with the file: strong, unless it may change again unnoticed (Section 8.8.1).

    # Choice: the numbers are hashed. An inode number is nobody's business, and a tag is opaque in any case.
    # Choice: the time is that of the content (mtime), not of the inode (ctime): a change of mode is no new content.
    """
    opaque = opaque_tag(status.st_ino, status.st_size, status.st_mtime_ns)
    if is_settled(status.st_mtime_ns / 1e9, now):
        return EntityTag(opaque, weak=False)
    # Choice: another opaque tag, not the same with W/ before it. By weak comparison that would still match when the file
    # is settled, so who has what was there before an unnoticed change would be told 304 for ever. This way such a client
    # takes the content once more.
    return EntityTag(opaque + b"-recent", weak=True)  # [rfc9110-8.8.1-1] [rfc9110-8.8.3-1]


def file_last_modified(status: os.stat_result, now: float) -> int | None:
    """Return the second of the last change, and the current one in its place if that is yet to come (8.8.2.1).

    None if no HTTP-date can say it.
    """
    seconds = min(status.st_mtime_ns // 10**9, math.floor(now))  # [rfc9110-8.8.2.1-3] [rfc9110-8.8.2.1-4]
    return seconds if seconds >= http_date.SECONDS_MIN else None


def last_modified_is_strong(last_modified: int, date: float) -> bool:
    """Tell whether a modification date stands for one state alone, seen at `date` (Section 8.8.2.2); both in seconds.

    At `date`, the second of the modification is over. What was sent within it had a Date that told its client not to
    trust this validator, and what is sent now is the last state of that second.
    """
    return is_settled(last_modified, date)


def is_settled(modified: float, now: float) -> bool:
    """Tell whether a change at `now` would have another time than one at `modified`. A future one never is."""
    return now - modified >= SETTLED_SECONDS_MIN
