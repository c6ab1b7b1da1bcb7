"""RFC 9110, Section 15.3.7.1: Single Part. One range of a file is exactly these octets, at every boundary."""

from __future__ import annotations

from merkhet.check import Answers, Canned, Check, Send
from merkhet.suites.rfc9110.s14_words import one_range, partial, ranged, refused, size, twin, whole
from merkhet.suites.words import SINCE

ROWS: tuple[tuple[str, str, str, bytes, int, int], ...] = (
    ("one-first", "The one octet of a file, by its positions", "one.bin", b"0-0", 0, 0),
    ("one-open", "The one octet of a file, from the first to the end", "one.bin", b"0-", 0, 0),
    ("one-suffix", "The one octet of a file, as its last", "one.bin", b"-1", 0, 0),
    ("small-first", "The first octet", "small.bin", b"0-0", 0, 0),
    ("small-second", "The second octet", "small.bin", b"1-1", 1, 1),
    ("small-start", "The first hundred octets", "small.bin", b"0-99", 0, 99),
    ("small-middle", "Octets of the middle", "small.bin", b"333-666", 333, 666),
    ("small-all", "All octets, by their positions", "small.bin", b"0-999", 0, 999),
    ("small-all-but-last", "All octets but the last", "small.bin", b"0-998", 0, 998),
    ("small-all-but-first", "All octets but the first", "small.bin", b"1-999", 1, 999),
    ("small-last", "The last octet, by its position", "small.bin", b"999-999", 999, 999),
    ("small-last-two", "The last two octets, by their positions", "small.bin", b"998-999", 998, 999),
    ("small-open-first", "From the first octet to the end", "small.bin", b"0-", 0, 999),
    ("small-open-second", "From the second octet to the end", "small.bin", b"1-", 1, 999),
    ("small-open-last", "From the last octet to the end", "small.bin", b"999-", 999, 999),
    ("small-suffix-one", "The last octet, as a suffix", "small.bin", b"-1", 999, 999),
    ("small-suffix-two", "The last two octets, as a suffix", "small.bin", b"-2", 998, 999),
    ("small-suffix-all-but-first", "All octets but the first, as a suffix", "small.bin", b"-999", 1, 999),
    ("small-suffix-all", "All octets, as a suffix", "small.bin", b"-1000", 0, 999),
    ("small-leading-zeros", "A range whose numbers have leading zeros", "small.bin", b"0001-0000000000000000000009", 1, 9),
    ("small-suffix-leading-zeros", "A suffix whose length has leading zeros", "small.bin", b"-0007", 993, 999),
    ("large-first", "The first octet of a large file", "large.bin", b"0-0", 0, 0),
    ("large-page-end", "The octets around the end of the first page of a large file", "large.bin", b"4095-4096", 4095, 4096),
    ("large-buffer-end", "The octets around 64 KiB of a large file", "large.bin", b"65535-65536", 65535, 65536),
    ("large-half", "The second half of a large file", "large.bin", b"524288-", 524288, 1048575),
    ("large-all", "All octets of a large file", "large.bin", b"0-1048575", 0, 1048575),
    ("large-all-but-last", "All octets of a large file but the last", "large.bin", b"0-1048574", 0, 1048574),
    ("large-last", "The last octet of a large file", "large.bin", b"1048575-", 1048575, 1048575),
    ("large-suffix", "The last 100000 octets of a large file", "large.bin", b"-100000", 948576, 1048575),
    ("large-suffix-all", "All octets of a large file, as a suffix", "large.bin", b"-1048576", 0, 1048575),
)  # fmt: skip
"""Slug, title, file, the range, and the positions of the first and last octet that it stands for."""


def sliced(check_id: str, requirement: str, title: str, file: str, value: bytes, first: int, last: int) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that a range is answered by exactly these octets, if it is answered by a range."""
    shifted = partial(file, first, last, says=b"bytes %d-%d/%d" % (first + 1, last + 1, size(file) + 1))
    more = b"?" * (last - first + 2)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(ranged(file, value), anew=True), Answers(one_range(file, first, last))),
        twin=twin(file),
        good=(partial(file, first, last),),
        mutants=(
            Canned("sends one octet more", partial(file, first, last, content=more)),
            Canned("says other positions", shifted),
            Canned("names no range", partial(file, first, last, says=b"bytes */%d" % size(file))),
            Canned("says another complete length", partial(file, first, last, total=b"%d" % (size(file) + 1))),
            Canned("cuts the file down in a 200", whole(file, content=b"")),
            Canned("refuses it", refused(file)),
        ),
    )


CHECKS = tuple(
    sliced(
        f"rfc9110-15.3.7.1-range-{slug}", "rfc9110-15.3.7.1-1", f"{title} can be asked for", file, value, first, last
    )
    for slug, title, file, value, first, last in ROWS
)
