"""RFC 7233, Sections 2 and 3: one check of each requirement; RFC 9110, Sections 13 and 14, has all its faces."""

from __future__ import annotations

from merkhet.suites.rfc9110.s13_1_5_if_range import alone, ignored, unranged
from merkhet.suites.rfc9110.s13_1_5_if_range import honoured as honoured_by_tag
from merkhet.suites.rfc9110.s13_words import OLD_DATE, OTHER_TAG
from merkhet.suites.rfc9110.s14_1_2_numbers import large
from merkhet.suites.rfc9110.s14_1_units import optional, unknown_unit
from merkhet.suites.rfc9110.s14_2_many import costly
from merkhet.suites.rfc9110.s14_2_methods import headed
from merkhet.suites.rfc9110.s14_2_range import honoured, not_there
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_TAG

_MANY = b",".join([b"0-"] * 50)

CHECKS = (
    optional("rfc7233-1-ranges", "rfc7233-1-1", "A range is answered, or all is sent", "small.bin", b"1-9", (1, 9)),
    large(
        "rfc7233-2.1-last", "rfc7233-2.1-1", "2 to the power of 65 as the last position stands for the end",
        b"0-%d" % (1 << 65), first=0,
    ),
    large(
        "rfc7233-2.1-first", "rfc7233-2.1-1", "2 to the power of 65 as the first position gets no octets",
        b"%d-" % (1 << 65), first=None,
    ),
    optional("rfc7233-3.1-ignored", "rfc7233-3.1-1", "A suffix is answered, or ignored", "small.bin", b"-9", (991, 999)),
    headed("rfc7233-3.1-head", "rfc7233-3.1-2", "the first ten octets", b"0-9"),
    unknown_unit("rfc7233-3.1-unknown-unit", "rfc7233-3.1-3", "of two numbers", b"merkhet-unit=0-9"),
    costly("rfc7233-3.1-many", "rfc7233-3.1-5", "Fifty equal ranges get an answer in proportion", "small.bin", _MANY),
    honoured("rfc7233-3.1-satisfied", "rfc7233-3.1-8", "A range is answered with 206", "small.bin", b"10-19", ((10, 19),)),
    not_there("rfc7233-3.1-unsatisfied", "rfc7233-3.1-9", "A range past the end is answered with 416", "small.bin", b"1000-1009"),
    alone("rfc7233-3.2-alone", "rfc7233-3.2-2", "another tag", OTHER_TAG, ()),
    unranged("rfc7233-3.2-without-ranges", "rfc7233-3.2-3", "a tag", OTHER_TAG),
    ignored(
        "rfc7233-3.2-weak", "rfc7233-3.2-6", "If-Range with the weak form of the tag makes Range be ignored",
        b"10-19", b"{kept:whole/ETag|weak}", (NO_TAG,),
    ),
    honoured_by_tag("rfc7233-3.2-true", "rfc7233-3.2-7", "a range", b"20-29", ((20, 29),)),
    ignored(
        "rfc7233-3.2-other-tag", "rfc7233-3.2-8", "If-Range with another tag gets all of it",
        b"20-29", b"{kept:whole/ETag|other}", (NO_TAG,),
    ),
    ignored(
        "rfc7233-3.2-old-date", "rfc7233-3.2-8", "If-Range with a date of another century gets all of it",
        b"20-29", OLD_DATE, (NO_DATE,),
    ),
)  # fmt: skip
