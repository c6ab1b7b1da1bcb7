"""The history of the checks, held against the suites: nothing that was released changes or goes without a reason in words.

    python conformance/tests/history.py                        what is not written down yet
    python conformance/tests/history.py --update               write down what is new, or was never released
    python conformance/tests/history.py --update --reason "A 501 is legal here" --only rfc9110-9.1-unknown-method
                                                               write an entry for what changed, or went, for this reason
    python conformance/tests/history.py --update --same        it is put in other words, and means the same
    python conformance/tests/history.py --release              the suite is released as it is

A check whose `since` was never released may change freely. An id that was withdrawn is never used again.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Iterable, Mapping, MutableSequence
from dataclasses import dataclass, field
from typing import cast

import msgspec
import tomlkit
from tomlkit.items import Array, Table

from merkhet import catalogue, history, selectors
from merkhet.history import Entry, History, Known
from merkhet.history_digest import Meaning, meaning, word_digest
from merkhet.results import write_whole

LINES_MAX = 40
HEAD = """What became of the checks: the released versions, and each change of a released check with its reason.
conformance/tests/history.py writes this file; a reason may be put better by hand."""
CHECKS_HEAD = """# Every check, the version that brought it, and a digest of its meaning: conformance/tests/history.py writes it.
# checks: {checks}
# requirements: {requirements}
# tags: {tags}
"""
WORDS_HEAD = "# Every word that checks are written in, and a digest of its source. conformance/tests/history.py writes this file.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is there now, or was when the files were written: each check, and each word with its digest."""

    checks: Mapping[str, Known]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Now(State):
    """What is there now, and of each check the words that it is written in."""

    written_in: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not written down: changes that need no reason, changes and ends that need one, and what may not be at all."""

    free: list[str] = field(default_factory=list[str])
    changed: dict[str, str] = field(default_factory=dict[str, str])
    withdrawn: dict[str, str] = field(default_factory=dict[str, str])
    wrong: list[str] = field(default_factory=list[str])

    def problems(self) -> list[str]:
        """Return everything, one line each."""
        needing = [*self.changed.values(), *self.withdrawn.values()]
        return [*self.wrong, *(f"{words}: give a --reason, or --same" for words in needing), *self.free]


def difference(past: History, written: State, now: Now, suite: str) -> Difference:
    """Return what the suites are that the files do not say. `suite` is the version that is being made."""
    found = Difference()
    released, gone = set(past.released), past.withdrawn()
    reworded = {word for word, digest in now.words.items() if written.words.get(word, digest) != digest}
    for name, check in now.checks.items():
        before = written.checks.get(name)
        if name in gone:
            found.wrong.append(f"{name}: this id was withdrawn in {gone[name].version}, and is never used again")
        elif before is None and (check.since in released or history.is_later(check.since, suite)):
            found.wrong.append(f"{name}: it is new, and says since {check.since}; expected {suite}")
        elif before is None:
            found.free.append(f"{name}: new")
        elif before.since != check.since and (before.since in released or check.since in released):
            found.wrong.append(f"{name}: since is {check.since}, and was {before.since}")
        elif before != check or reworded & now.written_in[name]:
            words = f"{name}: its meaning is another" + _by(reworded & now.written_in[name])
            if check.since in released:
                found.changed[name] = words
            else:
                found.free.append(words)
    for name in written.checks.keys() - now.checks.keys():
        if written.checks[name].since in released:
            found.withdrawn[name] = f"{name}: it is gone"
        else:
            found.free.append(f"{name}: it is gone")
    if (found.changed or found.withdrawn) and suite in released:
        found.wrong.append(f"{suite} is released: raise the version of merkhet before a check changes")
    return found


def _by(words: Iterable[str]) -> str:
    return f" by {', '.join(sorted(words))}" if words else ""


def entered(
    past: History, written: State, found: Difference, suite: str, reason: str, *, instead: tuple[str, ...] = ()
) -> History:
    """Return the history with an entry for everything that needs one."""
    entries = list(past.entry)
    if found.changed:
        _enter(
            entries, Entry(version=suite, kind=history.Kind.CHANGED, reason=reason, checks=tuple(sorted(found.changed)))
        )
    for since in sorted({written.checks[name].since for name in found.withdrawn}):
        names = tuple(sorted(name for name in found.withdrawn if written.checks[name].since == since))
        kind = history.Kind.WITHDRAWN
        _enter(entries, Entry(version=suite, kind=kind, reason=reason, checks=names, since=since, instead=instead))
    return History(released=past.released, entry=tuple(entries))


def _enter(entries: list[Entry], entry: Entry) -> None:
    """Add an entry, or its checks to one of the same version that says the same."""
    for number, there in enumerate(entries):
        if msgspec.structs.replace(there, checks=entry.checks) == entry:
            entries[number] = msgspec.structs.replace(there, checks=tuple(sorted({*there.checks, *entry.checks})))
            return
    entries.append(entry)


def only(found: Difference, globs: Iterable[str]) -> Difference:
    """Return of a difference what needs a reason and matches one of these globs; all of it if there are none."""
    wanted = list(globs) or ["*"]

    def taken(rows: Mapping[str, str]) -> dict[str, str]:
        return {name: words for name, words in rows.items() if any(fnmatch.fnmatchcase(name, glob) for glob in wanted)}

    return Difference(found.free, taken(found.changed), taken(found.withdrawn), found.wrong)


def settled(written: State, now: Now, left: Difference) -> State:
    """Return what is to be written down: what is there now, but what still needs a reason as it was."""
    unsettled = left.changed.keys() | left.withdrawn.keys()
    checks = {**now.checks, **{name: written.checks[name] for name in unsettled}}
    held = {word for name in left.changed for word in now.written_in[name]}
    words = {word: written.words.get(word, digest) if word in held else digest for word, digest in now.words.items()}
    return State(checks=checks, words=words)


# The files


def look() -> Now:
    """Return what the suites are now."""
    known = catalogue.load()
    meanings: dict[str, Meaning] = {
        check.id: meaning(check, known.requirement_of(check)) for check in known.checks.values()
    }
    words = sorted(frozenset[str]().union(*(one.words for one in meanings.values())))
    return Now(
        checks={name: Known(since=known.checks[name].since, digest=one.digest) for name, one in meanings.items()},
        words={word: word_digest(word) for word in words},
        written_in={name: one.words for name, one in meanings.items()},
    )


def read() -> State:
    """Return what is written down."""
    lines = history.WORDS.read_text(encoding="ascii").splitlines() if history.WORDS.exists() else []
    rows = (line.split(" ") for line in lines if not line.startswith("#"))
    checks = history.index().checks if history.CHECKS.exists() else dict[str, Known]()
    return State(checks=checks, words={row[0]: row[1] for row in rows})


def checks_text(checks: Mapping[str, Known]) -> str:
    """Return `history_checks.txt`, of which the head is about the suites as they are."""
    known = catalogue.load()
    tags = sorted(frozenset[str]().union(*(selectors.tags_of(check) for check in known.checks.values())))
    head = CHECKS_HEAD.format(checks=len(checks), requirements=len(known.requirements), tags=" ".join(tags))
    return head + "".join(f"{name} {one.since} {one.digest}\n" for name, one in sorted(checks.items()))


def words_text(words: Mapping[str, str]) -> str:
    """Return `history_words.txt`."""
    return WORDS_HEAD + "".join(f"{word} {digest}\n" for word, digest in sorted(words.items()))


def entries_text(past: History) -> str:
    """Return `history.toml`."""
    document = tomlkit.document()
    for line in HEAD.splitlines():
        document.add(tomlkit.comment(line))
    document.add("released", _listed(past.released, multiline=False))
    entries: list[Table] = []
    for entry in past.entry:
        table = tomlkit.table()
        texts = {"version": entry.version, "kind": str(entry.kind), "since": entry.since, "reason": entry.reason}
        for name, text in texts.items():
            if text:
                table.add(name, text)
        if entry.instead:
            table.add("instead", _listed(entry.instead, multiline=False))
        table.add("checks", _listed(entry.checks, multiline=True))
        entries.append(table)
    if past.entry:
        document.add("entry", tomlkit.item(entries))
    return tomlkit.dumps(document)


def _listed(words: Iterable[str], *, multiline: bool) -> Array:
    array = tomlkit.array()
    cast("MutableSequence[str]", array).extend(words)
    return array.multiline(multiline)


def write(past: History, state: State) -> None:
    """Write all three files."""
    texts = {
        history.ENTRIES: entries_text(past),
        history.CHECKS: checks_text(state.checks),
        history.WORDS: words_text(state.words),
    }
    for path, text in texts.items():
        write_whole(path, text.encode())


def stale(state: State) -> list[str]:
    """Return which of the files that hold digests is not as it would be written."""
    texts = {history.CHECKS: checks_text(state.checks), history.WORDS: words_text(state.words)}
    return [path.name for path, text in texts.items() if not path.exists() or path.read_text(encoding="ascii") != text]


# The command


def main(arguments: list[str] | None = None) -> int:
    """Return 0 if everything is written down."""
    asked = _arguments().parse_args(arguments)
    past, written, now = history.load(), read(), look()
    suite = history.suite_version()
    found = difference(past, written, now, suite)
    if asked.update:
        return _update(past, written, now, found, asked)
    problems = found.problems() or [f"{name}: it is not as it would be written: --update" for name in stale(now)]
    if asked.release and not problems:
        if suite in past.released:
            problems = [f"{suite} is released already"]
        else:
            write(msgspec.structs.replace(past, released=(*past.released, suite)), now)
    return _told(problems)


def _update(past: History, written: State, now: Now, found: Difference, asked: argparse.Namespace) -> int:
    taken = only(found, asked.only) if asked.reason or asked.same else Difference()
    left = Difference(
        changed={name: words for name, words in found.changed.items() if name not in taken.changed},
        withdrawn={name: words for name, words in found.withdrawn.items() if name not in taken.withdrawn},
        wrong=found.wrong,
    )
    if asked.same and taken.withdrawn:
        left.wrong.append("what is gone does not mean the same: give a --reason")
    if not left.wrong:
        suite = history.suite_version()
        later = past if asked.same else entered(past, written, taken, suite, asked.reason, instead=tuple(asked.instead))
        write(later, settled(written, now, left))
    return _told(left.problems())


def _told(problems: list[str]) -> int:
    print("\n".join(problems[:LINES_MAX]) or "everything is written down")
    if len(problems) > LINES_MAX:
        print(f"... {len(problems)} in all")
    return 1 if problems else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the files")
    why = parser.add_mutually_exclusive_group()
    why.add_argument("--reason", default="", help="why released checks changed, or went")
    why.add_argument("--same", action="store_true", help="released checks are put in other words, and mean the same")
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="GLOB", help="of what needs a reason, only these checks"
    )
    parser.add_argument("--instead", nargs="*", default=[], metavar="ID", help="what took the place of those that went")
    parser.add_argument("--release", action="store_true", help="the suite is released as it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
