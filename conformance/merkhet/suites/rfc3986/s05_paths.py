"""RFC 3986, Sections 5.2.4, 6.2.3 and 7.3: dot segments, the empty path, and NUL."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Exchange
from merkhet.expect import answered, as_preflight, content, status_2xx, status_3xx, status_4xx
from merkhet.expect_kept import file_content
from merkhet.expect_response import says
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc3986.words import BAD, GOOD_FILE, uri_check
from merkhet.suites.rfc9110.s09_shared import FAILS, NOT_FOUND
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, response

# --- 5.2.4-a1: dot segments never lead out

_PASSWORDS = rb"root:[^:\n]*:0:0:"
_OUTSIDE = VIOLATION.because("a file from outside of the root was served")
_STOLEN = response(200, b"root:x:0:0:root:/root:/bin/sh\n")
_UP = 12
"""More folders than lie between any root and that of the system."""

CLIMBS = tuple(
    uri_check(
        f"5.2.4-climb-{slug}", "a1", f"{words} lead out of the root", target,
        {
            says(_PASSWORDS, "the lines of a password file"): _OUTSIDE,
            answered: PASS,
        },
        good=BAD,
        mutants=(Canned("serves the password file", _STOLEN), FAILS),
        note="A refusal, a redirect and any page of the server's own are as good as each other.",
    )
    for slug, words, target in (
        ("plain", "No dots", b"{files:" + b"../" * _UP + b"etc/passwd}"),
        ("root", "No dots behind the root", b"{root}" + b"../" * _UP + b"etc/passwd"),
        ("encoded", "No encoded dots", b"{files:" + b"%2e%2e/" * _UP + b"etc/passwd}"),
        ("encoded-upper", "No dots encoded in upper case", b"{files:" + b"%2E%2E/" * _UP + b"etc/passwd}"),
        ("mixed", "No dots of which one is encoded", b"{files:" + b".%2e/" * _UP + b"etc/passwd}"),
        ("slashes", "No dots with encoded slashes", b"{files:" + b"..%2f" * _UP + b"etc%2fpasswd}"),
        ("all", "No dots and slashes, all encoded,", b"{files:" + b"%2e%2e%2f" * _UP + b"etc%2fpasswd}"),
        ("twice", "No dots encoded twice", b"{files:" + b"%252e%252e/" * _UP + b"etc/passwd}"),
        ("backslashes", "No backslashes", b"{files:" + b"..%5c" * _UP + b"etc%5cpasswd}"),
        ("overlong", "No overlong dots", b"{files:" + b"%c0%ae%c0%ae/" * _UP + b"etc/passwd}"),
        ("folder-first", "No folder before the dots", b"{files:folder/" + b"../" * _UP + b"etc/passwd}"),
        ("empty-segments", "No empty segments", b"{files:" + b"..//" * _UP + b"etc/passwd}"),
        ("double-slash", "No two slashes", b"{files:/etc/passwd}"),
        ("absolute", "No encoded slash at the beginning", b"{files:%2fetc%2fpasswd}"),
        ("nul", "No dots with NUL behind them", b"{files:" + b"../" * _UP + b"etc/passwd%00.txt}"),
    )
)  # fmt: skip


INSIDE = tuple(
    uri_check(
        f"5.2.4-inside-{slug}", "a1", f"{words} lead to the same file, or nowhere", target,
        {
            file_content("merkhet.txt"): PASS,
            status_3xx: PASS,
            status_4xx: PASS,
            status_2xx: WARNING.because("something else was served"),
            answered: WARNING.because("something else came"),
        },
        good=GOOD_FILE,
        mutants=(Canned("serves another", OK), FAILS),
        twin=Exchange(request=request(to=b"{files:merkhet.txt}"), answer=status_2xx, good=GOOD_FILE),
    )
    for slug, words, target in (
        ("up-and-down", "A folder and two dots", b"{files:folder/../merkhet.txt}"),
        ("one-dot", "One dot", b"{files:./merkhet.txt}"),
        ("encoded", "A folder and two encoded dots", b"{files:folder/%2e%2e/merkhet.txt}"),
        ("no-folder", "A folder that is not there and two dots", b"{files:merkhet-none/../merkhet.txt}"),
    )
)  # fmt: skip

# --- 6.2.3-a1: an empty path is a slash

EMPTY = tuple(
    uri_check(
        f"6.2.3-empty-{slug}", "a1", f"An empty path is the root {words}", target,
        {
            as_preflight(): PASS,
            status_4xx: VIOLATION.because("an empty path was refused, or not found"),
            answered: VIOLATION.because("an empty path was not taken for the root"),
        },
        good=OK,
        mutants=(Canned("refuses it", BAD), Canned("does not find it", NOT_FOUND), FAILS),
        twin=Exchange(request=request(to=b"{scheme}://{host}{root}")),
    )
    for slug, words, target in (
        ("path", "in absolute-form", b"{scheme}://{host}"),
        ("query", "before a query", b"{scheme}://{host}?a=b"),
    )
)  # fmt: skip

# --- 7.3-a1: NUL ends no name

_FILE = FIXTURES["merkhet.txt"]
NUL = tuple(
    uri_check(
        f"7.3-nul-{slug}", "a1", f"NUL {words} of a path is refused", target,
        {
            content(_FILE): VIOLATION.because("NUL ended the name, and the file before it was served"),
            status_4xx: PASS,
            answered: WARNING.because("something else came"),
        },
        good=BAD,
        mutants=(Canned("serves the file", response(200, _FILE)), FAILS),
        twin=Exchange(request=request(to=b"{files:merkhet.txt}"), answer=status_2xx, good=GOOD_FILE),
    )
    for slug, words, target in (
        ("end", "at the end", b"{files:merkhet.txt%00}"),
        ("before-suffix", "before another suffix", b"{files:merkhet.txt%00.html}"),
        ("begin", "at the beginning", b"{files:%00merkhet.txt}"),
        ("inside", "inside a name", b"{files:merk%00het.txt}"),
        ("slash", "before a slash", b"{files:merkhet.txt%00/}"),
    )
)  # fmt: skip

CHECKS = (*CLIMBS, *INSIDE, *EMPTY, *NUL)
