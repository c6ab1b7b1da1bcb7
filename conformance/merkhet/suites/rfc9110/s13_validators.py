"""RFC 9110, Sections 5.6.1.2, 8.6, 8.8 and 15.3.1: validators and lengths of a file and of a store, and lists of tags."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, Step, lacks, observed
from merkhet.expect import Expectation, all_of, any_of, content, field, status, status_2xx, without
from merkhet.expect_kept import field_matches, same_field
from merkhet.expect_ranges import fields_of, length_of_kept
from merkhet.suites.rfc9110.s13_1_tags import conditional
from merkhet.suites.rfc9110.s13_words import (
    AFTER,
    BEFORE,
    CREATED,
    IF_NONE_MATCH,
    MUTABLE_TWIN,
    NO_CONTENT,
    NOT_MODIFIED,
    REFUSES_IT,
    answer_of,
    at,
    evaluates,
    of_store,
    put_first,
    request,
    stored,
    tidied,
)
from merkhet.suites.rfc9110.s14_words import (
    BINARY,
    MODIFIED,
    NO_DATE,
    NO_TAG,
    NO_VALIDATOR,
    TAG,
    TWIN,
    Cases,
    fetched,
    get,
    head_of,
    refused,
    rest,
    size,
    twin,
    whole,
)
from merkhet.suites.words import SINCE

STRONG = field_matches(b"ETag", rb'"[^"]*"', "a strong entity tag")

# --- 8.6-3b: HEAD and GET have one length

LENGTHS: tuple[tuple[str, str, str], ...] = (
    ("empty", "an empty file", "empty.txt"),
    ("one", "a file of one octet", "one.bin"),
    ("small", "a small file", "small.bin"),
    ("large", "a large file", "large.bin"),
    ("text", "a text", "text.txt"),
    ("page", "a page", "page.html"),
)


def _head_length(slug: str, words: str, file: str) -> Check:
    first = whole(file)
    wrong = head_of(first).replace(b"Content-Length: %d" % size(file), b"Content-Length: %d" % (size(file) + 1))
    none = head_of(first).replace(b"Content-Length: ", b"X-Length: ")
    return Check(
        id=f"rfc9110-8.6-head-{slug}",
        requirement="rfc9110-8.6-3b",
        title=f"The Content-Length of a HEAD of {words} is that of its GET",
        since=SINCE,
        steps=(
            *fetched(file),
            Send(get(file, method=b"HEAD"), anew=True),
            Answers(
                {
                    all_of(status(200), length_of_kept("whole")): PASS,
                    all_of(status(200), without(field(b"Content-Length"))): observed("sends no length with HEAD"),
                    status(200): VIOLATION.because("another Content-Length with HEAD than with GET"),
                    status(405, 501): lacks("HEAD"),
                    **rest(),
                },
                to="HEAD",
            ),
        ),
        twin=twin(file),
        good=(first + head_of(first),),
        mutants=(
            Canned("says one octet more", first + wrong),
            Canned("says a length of nothing", first + wrong.replace(b"%d\r\n" % (size(file) + 1), b"77777777\r\n")),
            Canned("says none", first + none),
        ),
    )


# --- 8.6-4b: the length in a 304


def _unchanged_length(slug: str, words: str, file: str, line: bytes, unless: Cases, method: bytes) -> Check:  # noqa: PLR0917 - the columns of a table
    first = whole(file)
    with_length = NOT_MODIFIED[:-2] + b"Content-Length: %d\r\n\r\n"
    return Check(
        id=f"rfc9110-8.6-not-modified-{slug}",
        requirement="rfc9110-8.6-4b",
        title=f"The Content-Length of a 304 {words} is that of the 200, if there is one",
        since=SINCE,
        steps=(
            *fetched(file, unless),
            Send(get(file, line, method=method), anew=True),
            Answers(
                {
                    all_of(status(304), without(field(b"Content-Length"))): PASS,
                    all_of(status(304), length_of_kept("whole")): PASS,
                    status(304): VIOLATION.because("a Content-Length in a 304 that is not that of the 200"),
                    status(200): lacks("304"),
                    **rest(),
                },
                to=method.decode(),
            ),
        ),
        twin=twin(file),
        good=(first + NOT_MODIFIED,),
        mutants=(
            Canned("says no octets", first + with_length % 0),
            Canned("says one octet more", first + with_length % (size(file) + 1)),
            Canned("calls it a bad request", first + refused(file, 400)),
        ),
    )


_BY_TAG, _BY_DATE = b"If-None-Match: {kept:whole/ETag}", b"If-Modified-Since: {kept:whole/Last-Modified}"
UNCHANGED = (
    ("small", "by a tag", "small.bin", _BY_TAG, NO_TAG, b"GET"),
    ("small-date", "by a date", "small.bin", _BY_DATE, NO_DATE, b"GET"),
    ("small-head", "to HEAD", "small.bin", _BY_TAG, NO_TAG, b"HEAD"),
    ("large", "of a large file", "large.bin", _BY_TAG, NO_TAG, b"GET"),
    ("text", "of a text", "text.txt", _BY_TAG, NO_TAG, b"GET"),
)

# --- 8.8.2.1-1, 8.8.3.1-1 and 15.3.1-1: there are validators


def _has(check_id: str, requirement: str, name: bytes, file: str, method: bytes) -> Check:
    good = whole(file)
    good = head_of(good) if method == b"HEAD" else good
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"The answer to {method.decode()} of the file {file} has {name.decode()}",
        since=SINCE,
        steps=(
            Send(get(file, method=method), anew=True),
            Answers(
                {
                    all_of(status(200), field(name)): PASS,
                    status(200): VIOLATION.because(f"a file without {name.decode()}"),
                    status(405, 501): lacks("HEAD"),
                    **rest(),
                },
                to=method.decode(),
            ),
        ),
        twin=twin(file),
        good=(good,),
        mutants=(
            Canned("leaves it out", good.replace(name + b": ", b"X-Validator: ")),
            Canned("refuses", refused(file, 400)),
        ),
    )


HAVE = (
    ("8.8.2.1-file", "8.8.2.1-1", b"Last-Modified", "small.bin", b"GET"),
    ("8.8.2.1-file-head", "8.8.2.1-1", b"Last-Modified", "small.bin", b"HEAD"),
    ("8.8.2.1-empty-file", "8.8.2.1-1", b"Last-Modified", "empty.txt", b"GET"),
    ("8.8.2.1-large-file", "8.8.2.1-1", b"Last-Modified", "large.bin", b"GET"),
    ("8.8.3.1-file", "8.8.3.1-1", b"ETag", "small.bin", b"GET"),
    ("8.8.3.1-file-head", "8.8.3.1-1", b"ETag", "small.bin", b"HEAD"),
    ("8.8.3.1-empty-file", "8.8.3.1-1", b"ETag", "empty.txt", b"GET"),
    ("8.8.3.1-large-file", "8.8.3.1-1", b"ETag", "large.bin", b"GET"),
)
_VALIDATOR = any_of(field(b"ETag"), field(b"Last-Modified"))


def _get_validators() -> Check:
    first = whole("small.bin")
    return Check(
        id="rfc9110-15.3.1-validators-get",
        requirement="rfc9110-15.3.1-1",
        title="A 200 to GET of a file has a validator",
        since=SINCE,
        steps=(
            Send(get("small.bin"), anew=True),
            Answers(
                {
                    all_of(status(200), _VALIDATOR): PASS,
                    status(200): VIOLATION.because("a 200 to GET without entity tag and modification date"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first,),
        mutants=(Canned("has none", whole("small.bin", BINARY)), Canned("refuses", refused("small.bin", 400))),
    )


def _head_validators() -> Check:
    first = whole("small.bin")
    return Check(
        id="rfc9110-15.3.1-validators-head",
        requirement="rfc9110-15.3.1-1",
        title="A 200 to HEAD of a file has the validators that GET gets",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_VALIDATOR),
            Send(get("small.bin", method=b"HEAD"), anew=True),
            Answers(
                {
                    all_of(status(200), fields_of("whole", b"ETag", b"Last-Modified")): PASS,
                    status(200): VIOLATION.because("a validator that GET gets and HEAD does not"),
                    status(405, 501): lacks("HEAD"),
                    **rest(),
                },
                to="HEAD",
            ),
        ),
        twin=TWIN,
        good=(first + head_of(first),),
        mutants=(
            Canned("leaves the tag out", first + head_of(whole("small.bin", MODIFIED))),
            Canned("leaves the date out", first + head_of(whole("small.bin", TAG))),
        ),
    )


# --- 8.8.3-1 and 8.8.1-1 of a store


def _put_again(path: bytes, data: bytes) -> tuple[Step, Step]:
    return Send(request(b"PUT", path, content=data), anew=True), Answers(
        {**REFUSES_IT, status_2xx: PASS, **rest()}, to="PUT"
    )


def _stored_twice(slug: str, words: str, data: bytes) -> Check:
    path = at(b"twice-" + slug.encode())
    same: Expectation = all_of(STRONG, same_field("stored", b"ETag"))
    first = CREATED + of_store() + NO_CONTENT
    new = of_store(data, b'ETag: "canned-2"')
    return Check(
        id=f"rfc9110-8.8.3-stored-{slug}",
        requirement="rfc9110-8.8.3-1",
        title=f"Content {words} that is put at once after another has another tag, or a weak one",
        since=SINCE,
        steps=(
            *put_first(path),
            *stored(path, NO_TAG),
            *_put_again(path, data),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    all_of(content(data), same): VIOLATION.because("one strong tag for two contents"),
                    content(data): PASS,
                    status_2xx: WARNING.because("not what was stored"),
                    **rest(),
                },
                keep="second",
            ),
            *_put_again(path, data[::-1]),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    all_of(content(data[::-1]), STRONG, same_field("second", b"ETag")): (
                        VIOLATION.because("one strong tag for two contents")
                    ),
                    content(data[::-1]): PASS,
                    status_2xx: WARNING.because("not what was stored"),
                    **rest(),
                }
            ),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(first + new + NO_CONTENT + of_store(data[::-1], b'ETag: "canned-3"') + NO_CONTENT,),
        mutants=(
            Canned("keeps the tag", first + of_store(data)),
            Canned("keeps the second tag", first + new + NO_CONTENT + of_store(data[::-1], b'ETag: "canned-2"')),
            Canned("sends what was there", first + of_store(BEFORE, b'ETag: "canned-2"')),
        ),
        note="A tag of modification second and length is weak as long as the content may change within that second.",
    )


def _stored_weakly() -> Check:
    path = at(b"weak-changes")
    weak = b'ETag: W/"one"'
    first = CREATED + of_store(BEFORE, weak) + NO_CONTENT
    return Check(
        id="rfc9110-8.8.1-stored-weak-changes",
        requirement="rfc9110-8.8.1-1",
        title="The weak tag of a store changes with its content",
        since=SINCE,
        steps=(
            *put_first(path),
            *stored(path, NO_TAG, {STRONG: observed("has a strong tag")}),
            *_put_again(path, AFTER),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    all_of(content(AFTER), same_field("stored", b"ETag", weakly=True)): (
                        VIOLATION.because("a weak tag stayed while the content became another")
                    ),
                    content(AFTER): PASS,
                    status_2xx: WARNING.because("not what was stored"),
                    **rest(),
                }
            ),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(first + of_store(AFTER, b'ETag: W/"two"') + NO_CONTENT,),
        mutants=(
            Canned("keeps it", first + of_store(AFTER, weak)),
            Canned("sends what was there", first + of_store(BEFORE, b'ETag: W/"two"')),
        ),
    )


# --- 5.6.1.2-2: a list of tags, as it may be written

_OWN = b"{kept:whole/ETag}"
LISTS: tuple[tuple[str, str, bytes], ...] = (
    ("no-space", "without spaces", b'"x",' + _OWN),
    ("space-before", "with a space before the comma", b'"x" ,' + _OWN),
    ("tabs", "with tabs around the comma", b'"x"\t,\t' + _OWN),
    ("empty-first", "with an empty member before it", b", " + _OWN),
    ("empty-last", "with an empty member behind it", _OWN + b" ,"),
    ("empty-between", "with an empty member between two", b'"x", , ' + _OWN),
    ("empty-many", "with many empty members", b',, ,"x",,\t,' + _OWN + b" , ,"),
)


def _tag_list(slug: str, words: str, value: bytes) -> Check:
    return conditional(
        f"rfc9110-5.6.1.2-tags-{slug}",
        # How many empty members are a reasonable number is for the recipient to say.
        "rfc9110-5.6.1.2-1" if slug == "empty-many" else "rfc9110-5.6.1.2-2",
        f"A list of tags {words} is understood",
        (b"If-None-Match: " + value,),
        304,
        NO_TAG,
        before=(
            (evaluates(304, IF_NONE_MATCH[1], IF_NONE_MATCH[0]), answer_of(304)),
            (evaluates(304, "lists of entity tags", b'If-None-Match: "x", ' + _OWN), answer_of(304)),
        ),
    )


CHECKS = (
    *(_head_length(*row) for row in LENGTHS),
    *(_unchanged_length(*row) for row in UNCHANGED),
    *(
        _has(f"rfc9110-{slug}", f"rfc9110-{requirement}", name, file, method)
        for slug, requirement, name, file, method in HAVE
    ),
    _get_validators(),
    _head_validators(),
    _stored_twice("one-length", "of the same length", b"abcdefghij"),
    _stored_twice("longer", "of another length", AFTER),
    _stored_weakly(),
    *(_tag_list(*row) for row in LISTS),
)
