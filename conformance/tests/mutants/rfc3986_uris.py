"""RFC 3986: one rule of URIs broken at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from mutation import mutant

PATHS = "merkhet_reference.paths"
REQUEST = "merkhet_reference.http1.request"


@mutant(
    f"{PATHS}.safe_segments",
    breaks="rfc3986-2.4-a1",
    must_kill={"rfc3986-2.4-once-file", "rfc3986-2.4-once-file-letter"},
)
def files_are_decoded_twice(original: Any) -> Any:
    """Decodes the path of a file once before it is split and decoded."""
    return lambda path: original(unquote_to_bytes(path))


@mutant(
    f"{PATHS}.safe_segments", breaks="rfc3986-2.2-a1", must_kill={"rfc3986-2.2-slash-upper", "rfc3986-2.2-slash-lower"}
)
def slashes_are_decoded_first(original: Any) -> Any:
    """Takes an encoded slash for a separator."""
    return lambda path: original(path.replace(b"%2F", b"/").replace(b"%2f", b"/"))


@mutant(
    "merkhet_reference.router.decoded_segments",
    breaks="rfc3986-2.4-a1",
    must_kill={"rfc3986-2.4-once-letter", "rfc3986-2.4-once-percent"},
)
def parameters_are_decoded_twice(original: Any) -> Any:
    """Decodes a path once more before it is split and decoded."""
    return lambda path: original(path.replace(b"%25", b"%"))


@mutant(
    "merkhet_reference.router.decoded_segments",
    breaks="rfc3986-3.3-a2",
    must_kill={"rfc3986-3.3-segment-plus", "rfc3986-3.3-segment-all"},
)
def a_plus_is_a_space(original: Any) -> Any:
    """Reads a path as a form is read."""
    return lambda path: original(path.replace(b"+", b"%20"))


@mutant(
    "merkhet_reference.router.decoded_segments",
    breaks="rfc3986-2.4-a2",
    must_kill={"rfc3986-2.4-split-question-mark"},
)
def paths_end_at_an_encoded_question_mark(original: Any) -> Any:
    """Takes an encoded question mark for the beginning of a query."""
    return lambda path: original(path.partition(b"%3F")[0])


@mutant(
    f"{PATHS}.safe_segments",
    breaks="rfc3986-7.3-a1",
    must_kill={"rfc3986-7.3-nul-end", "rfc3986-7.3-nul-before-suffix"},
)
def nul_ends_a_name(original: Any) -> Any:
    """Reads a path as far as NUL."""
    return lambda path: original(path.partition(b"%00")[0])


@mutant(f"{PATHS}.safe_segments", breaks="rfc3986-2.3-a1", must_kill={"rfc3986-2.3-unreserved-dot"})
def names_are_not_decoded(original: Any) -> Any:
    """Takes the octets of a path for those of a name."""
    return lambda path: original(path.replace(b"%", b"%25"))


@mutant(
    f"{REQUEST}.parse_absolute_form",
    breaks="rfc3986-3.1-a1",
    must_kill={"rfc3986-3.1-scheme-upper", "rfc3986-3.1-scheme-mixed"},
)
def schemes_of_uris_have_case(original: Any) -> Any:
    """Knows http in lower case alone."""

    def parse_absolute_form(target: bytes) -> Any:
        scheme = target.partition(b":")[0]
        return original(target if scheme == scheme.lower() else b"x" + target)

    return parse_absolute_form


@mutant(
    f"{REQUEST}.parse_absolute_form",
    breaks="rfc3986-6.2.3-a1",
    must_kill={"rfc3986-6.2.3-empty-path", "rfc3986-6.2.3-empty-query"},
)
def an_empty_path_is_none(original: Any) -> Any:
    """Finds nothing at an empty path."""

    def parse_absolute_form(target: bytes) -> Any:
        found = original(target)
        after = target.split(b"/", 3)
        return found if len(after) > 3 else found._replace(path=b"/nothing-here")

    return parse_absolute_form


@mutant(f"{REQUEST}.HOST", breaks="rfc3986-3.2.2-a1", must_kill={"rfc3986-3.2.2-brackets-no-end"})
def any_host_is_one(original: Any) -> Any:
    """Takes every Host for one."""
    import re

    return re.compile(rb"[^\s]*\Z")
