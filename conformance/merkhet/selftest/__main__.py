"""`python -m merkhet.selftest [id-glob]`: every check against its canned servers; exits 1 if one proves nothing."""

from __future__ import annotations

import fnmatch
import sys

from merkhet import catalogue
from merkhet.selftest.canned import verify


def main(arguments: list[str]) -> int:
    """Verify the checks whose id matches, print each problem, and return the exit code."""
    pattern = arguments[0] if arguments else "*"
    checks = [check for check in catalogue.load().checks.values() if fnmatch.fnmatch(check.id, pattern)]
    problems = [problem for check in checks for problem in verify(check)]
    for problem in problems:
        sys.stdout.write(f"{problem.check}: on {problem.server!r}: {problem.text}\n")
    sys.stdout.write(f"{len(checks)} checks, {len(problems)} problems\n")
    return 1 if problems or not checks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
