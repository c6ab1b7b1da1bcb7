"""The fixture files: what every target serves below its `files` endpoint, octet by octet, so that answers can be compared.

`merkhet` writes them into `{files}` before it starts a target; `merkhet fixtures DIR` writes them for one that is started
elsewhere. Names and content are part of the contract.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

AGE_SECONDS = 6 * 3600
"""How old the files are: a validator by modification time is strong only after a while (RFC 9110, Section 8.8.2.2)."""

LARGE_BYTES = 1 << 20

FIXTURES: Mapping[str, bytes] = {
    "merkhet.txt": b"a file below the folder\n" * 100,
    "empty.txt": b"",
    "one.bin": b"1",
    "small.bin": random.Random(9110).randbytes(1000),  # noqa: S311 - the same octets everywhere, and no secret
    "large.bin": random.Random(7233).randbytes(LARGE_BYTES),  # noqa: S311
    "text.txt": b"".join(b"line %05d of a text that is worth compressing\n" % number for number in range(400)),
    "page.html": b"<!doctype html>\n<title>a page</title>\n<p>It has a picture of nothing.\n" * 20,
    "a b.txt": b"space\n",
    "A.txt": b"the file whose name is a letter\n",
    "%41.txt": b"the file whose name has a percent sign\n",
    "a..b.txt": b"two dots inside a name\n",
    "\N{LATIN SMALL LETTER U WITH DIAERESIS}ber.txt": b"a name beyond ASCII\n",
    "folder/inner.txt": b"a file in a folder\n",
    "changing.txt": b"before\n",
}
"""The files by name; a slash in it is a folder."""


def write(folder: Path) -> None:
    """Write every file below `folder`, which is made if it is not there, with its age. Raises OSError."""
    then = time.time() - AGE_SECONDS
    for name, data in FIXTURES.items():
        write_one(folder, name, data, then)


def write_one(folder: Path, name: str, data: bytes, modified_at: float) -> None:
    """Put one file in place at once: a reader sees the old one or the new one. Raises OSError."""
    path = folder / name
    for place in (folder, path.parent):
        if not place.is_dir():
            place.mkdir()
            place.chmod(0o755)
    draft = path.with_name(f".draft-{path.name}")
    draft.write_bytes(data)
    draft.chmod(0o644)
    os.utime(draft, (modified_at, modified_at))
    draft.replace(path)


def fresh() -> Path:
    """Write the files into a new folder and return it. `remove` takes it away."""
    folder = Path(tempfile.mkdtemp(prefix="merkhet-files-"))
    # A server may serve files as another user than the one who started it.
    folder.chmod(0o755)
    write(folder)
    return folder


def remove(folder: Path) -> None:
    """Remove a folder of fixture files."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
