"""RFC 7578, Section 4.2: folders in the name of a file."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    On,
    Send,
    Verdict,
    observed,
)
from merkhet.expect import Expectation, answered, content, ended, status_2xx, status_4xx
from merkhet.expect_form import any_form, file_part
from merkhet.suites.rfc7578.words import (
    KNOWN,
    PLAIN_REPORT,
    TROUBLE,
    TROUBLE_FAULTS,
    TWIN,
    around,
    file,
    file_report,
    form_post,
    multipart,
    reading,
    report,
    surrounded,
)
from merkhet.suites.words import SINCE, response

_PLACE = "rfc7578-4.2"

_UPLOADED = b"an upload of merkhet\n"
PATHS: tuple[tuple[str, str, bytes, str], ...] = (
    ("parents", "that begins with parent folders", b"../../merkhet-upload.txt", "../../merkhet-upload.txt"),
    ("folder", "with a folder", b"a/merkhet-upload.txt", "a/merkhet-upload.txt"),
    ("absolute", "that begins at the root", b"/a/merkhet-upload.txt", "/a/merkhet-upload.txt"),
    ("drive", "with a drive and backslashes", b"C:\\a\\merkhet-upload.txt", "C:\\a\\merkhet-upload.txt"),
    (
        "drive-escaped",
        "with a drive and escaped backslashes",
        b"C:\\\\a\\\\merkhet-upload.txt",
        "C:\\a\\merkhet-upload.txt",
    ),
    (
        "parents-backslash",
        "with parent folders and backslashes",
        b"..\\..\\merkhet-upload.txt",
        "..\\..\\merkhet-upload.txt",
    ),
    ("parents-mixed", "with both kinds of slashes", b"..\\../merkhet-upload.txt", "..\\../merkhet-upload.txt"),
    (
        "parents-percent",
        "with parent folders in percent escapes",
        b"..%2F..%2Fmerkhet-upload.txt",
        "../../merkhet-upload.txt",
    ),
    ("only-parent", "that is a parent folder", b"..", ".."),
    ("only-dot", "that is the folder itself", b".", "."),
    ("slash-at-end", "that ends in a slash", b"merkhet-upload/", "merkhet-upload/"),
)


def _path(slug: str, words: str, filename: bytes, name: str) -> Check:
    last = name.replace("\\", "/").rpartition("/")[2]
    cases: Mapping[Expectation, Verdict] = {
        surrounded(file_part("f", _UPLOADED, filename.decode("ascii"))): observed("reports the name as it came"),
        surrounded(file_part("f", _UPLOADED, name)): observed("reports the name as it came, its escapes undone"),
        surrounded(file_part("f", _UPLOADED, last)): observed("reports what stands behind the last separator"),
        surrounded(file_part("f", _UPLOADED)): observed("reports another name"),
        surrounded(): observed("leaves the file out"),
        any_form: WARNING.because("a part of the form was lost"),
        status_4xx: observed("refuses the form"),
        **TROUBLE,
    }
    return reading(
        _PLACE,
        "a1",
        f"path-{slug}",
        f"A file name {words} is no reason to lose the form",
        form_post(multipart(*around(file(b"f", filename, _UPLOADED)))),
        cases,
        file_report(_UPLOADED, "another.txt"),
        {"loses the rest": report(("before", "1"))},
        TROUBLE_FAULTS,
        note="The name is what a client says. Whether it is reported raw or stripped is the application's choice.",
    )


def _stored(slug: str, words: str, target: bytes, *filenames: bytes) -> Check:
    form = form_post(multipart(*around(*(file(b"f", name, _UPLOADED) for name in filenames))))
    return Check(
        id=f"{_PLACE}-stored-{slug}",
        requirement=f"{_PLACE}-a1",
        title=f"No file name puts an upload {words}",
        since=SINCE,
        steps=(
            *KNOWN,
            Send(form),
            Answers(
                {
                    status_2xx: PASS,
                    status_4xx: PASS,
                    answered: WARNING.because("an error of the server's own"),
                    ended: WARNING.because("the connection ended without an answer"),
                },
                to="POST",
            ),
            On(2),
            Send(b"GET %s HTTP/1.1\r\nHost: {host}\r\n\r\n" % target),
            Answers(
                {
                    content(_UPLOADED): VIOLATION.because(
                        "an upload is served as a file, at the place that its name says"
                    ),
                    answered: PASS,
                }
            ),
        ),
        good=(PLAIN_REPORT, file_report(_UPLOADED, "merkhet-upload.txt"), response(404, b"")),
        mutants=(
            Canned("stores by the name", PLAIN_REPORT, file_report(_UPLOADED), response(200, _UPLOADED)),
            Canned("fails", PLAIN_REPORT, response(500, b"oops")),
        ),
        twin=TWIN,
    )


STORED = (
    _stored(
        "among-files",
        "among the files that are served",
        b"{files:merkhet-upload.txt}",
        b"../merkhet-upload.txt",
        b"../files/merkhet-upload.txt",
        b"files/merkhet-upload.txt",
        b"./merkhet-upload.txt",
        b"/merkhet-upload.txt",
        b"..\\files\\merkhet-upload.txt",
        b"..%2Ffiles%2Fmerkhet-upload.txt",
    ),
    _stored(
        "in-folder",
        "in a folder of the files that are served",
        b"{files:folder/merkhet-upload.txt}",
        b"folder/merkhet-upload.txt",
        b"files/folder/merkhet-upload.txt",
        b"../files/folder/merkhet-upload.txt",
        b"folder\\merkhet-upload.txt",
    ),
)


CHECKS = (*(_path(*row) for row in PATHS), *STORED)
