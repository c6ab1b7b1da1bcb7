"""RFC 9110, Section 8.8: one rule of validators broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import validators

VALIDATORS = "merkhet_reference.validators"


@mutant(f"{VALIDATORS}.variant_tag", breaks="rfc9110-8.8.3-1", must_kill={"rfc9110-8.8.3-coded-whole"})
def one_tag_for_every_coding(original: Any) -> Any:
    """Gives what is compressed the strong tag of what is not."""
    return lambda tag, coding: tag


@mutant(f"{VALIDATORS}.file_last_modified", breaks="rfc9110-8.8.2.1-4", must_kill={"rfc9110-8.8.2.1-future-hour"})
def future_last_modified(original: Any) -> Any:
    """Sends the time of a file as it stands, though it is yet to come."""
    return lambda status, now: status.st_mtime_ns // 10**9


@mutant(f"{VALIDATORS}.file_tag", breaks="rfc9110-8.8.3.1-1", must_kill={"rfc9110-8.8.3.1-file"})
def files_have_no_tag(original: Any) -> Any:
    """Makes no tags of files."""
    return lambda status, now: None


@mutant(f"{VALIDATORS}.file_last_modified", breaks="rfc9110-8.8.2.1-1", must_kill={"rfc9110-8.8.2.1-file"})
def files_have_no_date(original: Any) -> Any:
    """Says of no file when it changed."""
    return lambda status, now: None


@mutant(
    f"{VALIDATORS}.file_tag",
    breaks="rfc9110-8.8.3-1",
    must_kill={"rfc9110-8.8.3-two-states", "rfc9110-8.8.3-stored-one-length"},
)
def one_strong_tag(original: Any) -> Any:
    """Gives every state of every file one strong tag."""
    return lambda status, now: validators.EntityTag(b"file", weak=False)


@mutant(f"{VALIDATORS}.file_tag", breaks="rfc9110-8.8.1-1", must_kill={"rfc9110-8.8.1-weak-changes"})
def one_weak_tag(original: Any) -> Any:
    """Gives every state of a file that has just changed one weak tag."""

    def file_tag(status: Any, now: float) -> Any:
        found = original(status, now)
        return validators.EntityTag(b"recent", weak=True) if found.weak else found

    return file_tag


@mutant(f"{VALIDATORS}.EntityTag.encode", breaks="rfc9110-8.8.3-a1", must_kill={"rfc9110-8.8.3-responses-entity-tags"})
def tags_without_quotes(original: Any) -> Any:
    """Sends tags without quotes."""
    return lambda tag: tag.opaque
