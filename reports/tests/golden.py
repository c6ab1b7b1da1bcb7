"""Every format of one run, as files that are reviewed as a diff. `python reports/tests/golden.py --update` writes them anew.

The run has every outcome, hostile octets and texts, a flaky result, a server's death and an expected failure. Of the pages
the style and the script are left out, which change for reasons of their own.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
import zlib
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "conformance" / "tests"))

import msgspec
from report_samples import full_run, other_run

from merkhet_reports import (
    badge,
    compare,
    compare_html,
    compare_json,
    compare_markdown,
    ctrf,
    html,
    junit,
    markdown,
    tap,
)

FOLDER = Path(__file__).with_name("golden")


def made() -> dict[str, bytes]:
    """Return every golden file by its path below FOLDER."""
    run, other = full_run(), other_run()
    columns = compare.columns([("a.json", run), ("b.json", other)])
    matrix, changes = compare.matrix(columns), compare.changes(*columns)
    files: dict[str, str | bytes] = {
        "report.html": without_assets(html.render(run, run.reasons)),
        "report.md": markdown.render(run, run.reasons),
        "report.xml": junit.render(run, run.reasons),
        "report.ctrf.json": ctrf.render(run, run.reasons),
        "report.tap": tap.render(run, run.reasons),
        "servers.html": without_assets(compare_html.render(matrix)),
        "servers.md": compare_markdown.render(matrix),
        "servers.json": compare_json.render(matrix),
        "runs.html": without_assets(compare_html.render(changes)),
        "runs.md": compare_markdown.render(changes),
        "runs.json": compare_json.render(changes),
    }
    files |= {f"badges/{name}": text for name, text in badge.render(run, run.reasons).items()}
    return {name: data if isinstance(data, bytes) else data.encode() for name, data in files.items()}


def _unpacked(match: re.Match[str]) -> str:
    """What zlib makes differs from one to the next."""
    packed = msgspec.json.decode(zlib.decompress(base64.b64decode(match[2], validate=True)))
    return match[1] + msgspec.json.format(msgspec.json.encode(packed), indent=1).decode().replace("</", "<\\/")


def without_assets(page: str) -> str:
    """Return a page without its style and its script, and without their digests. What is packed is unpacked."""
    page = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", page, flags=re.DOTALL)
    page = re.sub(r'(<script type="text/plain"[^>]*>)(.*?)(?=</script>)', _unpacked, page, flags=re.DOTALL)
    return re.sub(r"'sha256-[A-Za-z0-9+/=]+'", "'sha256-'", page)


def kept() -> dict[str, bytes]:
    """Return every golden file that is there."""
    paths = (path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths}


def update() -> None:
    """Write them all anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, data in made().items():
        place = FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        raise SystemExit(__doc__)
    update()
