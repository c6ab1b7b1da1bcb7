"""RFC 6266, Section 3: no Content-Disposition that is invalid, beyond what Section 4.1 names one by one."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Check
from merkhet.expect_disposition import Flaw, disposed, flawed
from merkhet.suites.rfc6266.words import PLAIN, judged, quoted, sent


def _valid(slug: str, words: str, name: str) -> Check:
    good = quoted(name)
    return judged(
        "rfc6266-3",
        "1",
        f"valid-{slug}",
        f"The Content-Disposition for {words} has nothing but parameters behind its type",
        name,
        {
            flawed(Flaw.LINES, Flaw.PARAMETERS): VIOLATION.because("the field is not by the grammar"),
            flawed(Flaw.EMPTY): WARNING.because("a semicolon stands where no parameter follows"),
            disposed: PASS,
        },
        sent(good),
        {
            "sends two lines": sent(good, b"Content-Disposition: inline"),
            "sends a parameter without a value": sent(good + b"; a"),
            "separates by a comma": sent(good.replace(b";", b",", 1)),
            "ends in a semicolon": sent(good + b";"),
            "sends an extension that is not extended": sent(good + b"; a*=b"),
        },
    )


CHECKS = tuple(_valid(*row) for row in PLAIN)
