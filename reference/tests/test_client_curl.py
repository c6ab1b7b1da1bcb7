"""curl against the reference: what it saved, octet by octet, and what it said on the wire."""

from __future__ import annotations

import email
import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from client_site import EVENTS, Seen, Site, needs, run, serving, write_noise, write_text

from merkhet_reference import Limits, tls

pytestmark = needs("curl")

NOISE_BYTES = 300_001
"""Beyond what is read into memory, and no multiple of anything."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def noise(folder: Path) -> bytes:
    return write_noise(folder / "noise.bin", NOISE_BYTES)


@pytest.fixture
def text(folder: Path) -> bytes:
    return write_text(folder / "text.txt", 2000)


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[Site, str]]:
    with serving(folder) as site_and_url:
        yield site_and_url


@pytest.fixture
def curl(tmp_path: Path) -> Callable[..., bytes]:
    """Run curl in an empty folder and return its stdout."""
    (tmp_path / "client").mkdir()

    def run_curl(*arguments: str, ends_with: int = 0, stdin: bytes = b"") -> bytes:
        always = ("-q", "--silent", "--show-error", "--noproxy", "*")
        return run("curl", *always, *arguments, folder=tmp_path / "client", ends_with=ends_with, stdin=stdin)

    return run_curl


Served = tuple[Site, str]
Curl = Callable[..., bytes]


def divided(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    """Return status line, fields by lower-case name, and content of what `--include` wrote."""
    head, _, content = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return status_line, {name.lower(): value for name, value in fields.items()}, content


def only(site: Site) -> Seen:
    (seen,) = site.seen
    return seen


# Downloads


def test_it_gets_a_file(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    status_line, fields, content = divided(curl("--include", f"{url}/file/noise.bin"))
    assert content == noise
    assert (status_line, fields["content-length"]) == ("HTTP/1.1 200 OK", str(NOISE_BYTES))
    assert fields["accept-ranges"] == "bytes"
    assert only(site).fields["accept"] == "*/*"


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("1000-4999", (1000, 4999)),
        ("0-0", (0, 0)),
        ("300000-999999", (300_000, NOISE_BYTES - 1)),
        ("299000-", (299_000, NOISE_BYTES - 1)),
        ("-500", (NOISE_BYTES - 500, NOISE_BYTES - 1)),
        ("100-200000", (100, 200_000)),
    ],
)
def test_a_range(served: Served, curl: Curl, noise: bytes, asked: str, got: tuple[int, int]) -> None:
    site, url = served
    first, last = got
    status_line, fields, content = divided(curl("--include", "--range", asked, f"{url}/file/noise.bin"))
    assert content == noise[first : last + 1]
    assert status_line == "HTTP/1.1 206 Partial Content"
    assert fields["content-range"] == f"bytes {first}-{last}/{NOISE_BYTES}"
    assert only(site).fields["range"] == f"bytes={asked}"


def test_several_ranges(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    asked = "0-99,200000-250000,-50"
    status_line, fields, content = divided(curl("--include", "--range", asked, f"{url}/file/noise.bin"))
    assert status_line == "HTTP/1.1 206 Partial Content"
    assert only(site).fields["range"] == f"bytes={asked}"
    kind = fields["content-type"]
    assert kind.startswith("multipart/byteranges")
    parts = parts_of(kind, content)
    assert parts == [
        (f"bytes 0-99/{NOISE_BYTES}", noise[:100]),
        (f"bytes 200000-250000/{NOISE_BYTES}", noise[200_000:250_001]),
        (f"bytes {NOISE_BYTES - 50}-{NOISE_BYTES - 1}/{NOISE_BYTES}", noise[-50:]),
    ]


def parts_of(kind: str, content: bytes) -> list[tuple[str, bytes]]:
    """Return Content-Range and octets of each part, by the boundary alone, so that no line end is read as another."""
    boundary = email.message_from_string(f"Content-Type: {kind}\n\n").get_boundary("").encode("ascii")
    pieces = (b"\r\n" + content).split(b"\r\n--" + boundary)
    assert (pieces[0], pieces[-1]) == (b"", b"--\r\n")
    parts: list[tuple[str, bytes]] = []
    for piece in pieces[1:-1]:
        head, _, octets = piece.partition(b"\r\n\r\n")
        parts.append((email.message_from_bytes(head.lstrip(b"\r\n"))["Content-Range"], octets))
    return parts


def test_a_range_beyond_the_end_is_416(served: Served, curl: Curl, noise: bytes) -> None:
    _, url = served
    status_line, fields, content = divided(curl("--include", "--range", "300001-", f"{url}/file/noise.bin"))
    assert status_line.split()[1] == "416"
    assert (fields["content-range"], content) == (f"bytes */{NOISE_BYTES}", b"")


def test_it_resumes_a_broken_download(served: Served, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    site, url = served
    half = NOISE_BYTES // 2
    partial_file = 18
    curl("--output", "saved", f"{url}/broken/noise.bin", ends_with=partial_file)
    saved = tmp_path / "client" / "saved"
    assert saved.read_bytes() == noise[:half]
    curl("--continue-at", "-", "--output", "saved", f"{url}/broken/noise.bin")
    assert saved.read_bytes() == noise
    assert [seen.fields.get("range") for seen in site.seen] == [None, f"bytes={half}-"]


def test_compressed(served: Served, curl: Curl, text: bytes) -> None:
    site, url = served
    assert curl("--compressed", f"{url}/file/text.txt") == text, "curl decodes it"
    raw = curl("--header", "Accept-Encoding: gzip", "--include", f"{url}/file/text.txt")
    _, fields, content = divided(raw)
    assert (fields["content-encoding"], fields["vary"]) == ("gzip", "Accept-Encoding")
    assert int(fields["content-length"]) == len(content) < len(text) // 4
    assert gzip.decompress(content) == text
    assert "gzip" in site.seen[0].fields["accept-encoding"]


def test_not_compressed_for_who_does_not_ask(served: Served, curl: Curl, text: bytes) -> None:
    site, url = served
    _, fields, content = divided(curl("--include", f"{url}/file/text.txt"))
    assert content == text
    assert ("content-encoding" in fields, fields["vary"]) == (False, "Accept-Encoding")
    assert "accept-encoding" not in only(site).fields


def test_head(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    status_line, fields, content = divided(curl("--head", f"{url}/file/noise.bin"))
    assert (status_line, fields["content-length"], content) == ("HTTP/1.1 200 OK", str(NOISE_BYTES), b"")
    assert only(site).method == "HEAD"


def test_http_1_0(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    _, fields, content = divided(curl("--http1.0", "--include", f"{url}/file/noise.bin"))
    assert (content, fields["content-length"]) == (noise, str(NOISE_BYTES))
    _, fields, content = divided(curl("--http1.0", "--include", f"{url}/stream/noise.bin"))
    assert content == noise, "its end is that of the connection"
    assert not {"transfer-encoding", "content-length"} & set(fields)
    assert [seen.version for seen in site.seen] == [(1, 0), (1, 0)]


def test_content_of_unknown_length_and_its_trailers(served: Served, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    _, url = served
    assert curl("--dump-header", "head", f"{url}/stream/noise.bin") == noise
    head, _, trailers = (tmp_path / "client" / "head").read_bytes().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert trailers.decode().split() == ["X-Digest:", hashlib.sha256(noise).hexdigest()]


def test_it_follows_a_redirect_on_one_connection(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    assert curl("--location", f"{url}/moved/noise.bin") == noise
    assert [seen.target for seen in site.seen] == ["/moved/noise.bin", "/file/noise.bin"]
    assert site.connections == 1


def test_it_asks_again_by_entity_tag_and_by_date(served: Served, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    site, url = served
    told = ("--write-out", "%{http_code} %{size_download}")
    curl("--etag-save", "tag", "--remote-time", "--output", "saved", f"{url}/file/noise.bin")
    by_tag = curl("--etag-compare", "tag", "--output", "again", *told, f"{url}/file/noise.bin")
    by_date = curl("--time-cond", "saved", "--output", "again", *told, f"{url}/file/noise.bin")
    assert (by_tag, by_date) == (b"304 0", b"304 0")
    assert site.seen[1].fields["if-none-match"] == (tmp_path / "client" / "tag").read_text().strip()
    assert "if-modified-since" in site.seen[2].fields


def test_many_at_once(served: Served, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    site, url = served
    transfers = [argument for number in range(12) for argument in ("--output", f"{number}", f"{url}/file/noise.bin")]
    curl("--parallel", "--parallel-immediate", *transfers)
    assert [(tmp_path / "client" / f"{number}").read_bytes() == noise for number in range(12)] == [True] * 12
    assert len(site.seen) == 12


def test_events(served: Served, curl: Curl) -> None:
    site, url = served
    raw = curl("--no-buffer", "--include", "--header", "Last-Event-ID: 2", f"{url}/events")
    _, fields, content = divided(raw)
    assert fields["content-type"].startswith("text/event-stream")
    data = [line for line in content.decode().split("\n") if line.startswith("data")]
    assert data == ["data: ", f"data: {EVENTS[3].data}"]
    assert only(site).fields["last-event-id"] == "2"


# Uploads


def test_an_upload_by_put(served: Served, curl: Curl, noise: bytes, folder: Path) -> None:
    site, url = served
    answer = curl("--upload-file", str(folder / "noise.bin"), f"{url}/upload/")
    assert site.uploads == {"noise.bin": noise}
    assert answer.decode() == hashlib.sha256(noise).hexdigest()
    assert (only(site).method, only(site).fields["content-length"]) == ("PUT", str(NOISE_BYTES))


def test_an_upload_of_unknown_length(served: Served, curl: Curl, noise: bytes) -> None:
    site, url = served
    curl("--upload-file", "-", f"{url}/upload/piped", stdin=noise)
    assert site.uploads == {"piped": noise}
    assert only(site).fields["transfer-encoding"] == "chunked"
    assert "content-length" not in only(site).fields


def test_a_large_upload_waits_for_leave(served: Served, curl: Curl, folder: Path, tmp_path: Path) -> None:
    site, url = served
    large = write_noise(folder / "large.bin", 3_000_000)
    head = ("--dump-header", "head", "--header", "Expect: 100-continue")
    curl(*head, "--expect100-timeout", "60", "--upload-file", str(folder / "large.bin"), f"{url}/upload/")
    assert site.uploads == {"large.bin": large}
    assert only(site).fields["expect"] == "100-continue"
    said = re.findall("HTTP/1.1 ([0-9]+)", (tmp_path / "client" / "head").read_text("latin-1"))
    assert said == ["100", "201"]


def test_what_is_too_large_is_refused_before_it_is_sent(folder: Path, curl: Curl) -> None:
    write_noise(folder / "large.bin", 3_000_000)
    told = ("--output", "answer", "--write-out", "%{http_code} %{size_upload}")
    expecting = ("--header", "Expect: 100-continue", "--expect100-timeout", "60")
    with serving(folder, limits=Limits(content_bytes_max=1_000_000)) as (site, url):
        answered = curl(*expecting, *told, "--data-binary", f"@{folder}/large.bin", f"{url}/echo")
    assert answered == b"413 0"
    assert site.seen == []


def test_what_nobody_takes_is_refused_before_it_is_sent(served: Served, curl: Curl, noise: bytes, folder: Path) -> None:
    _, url = served
    told = ("--output", "answer", "--write-out", "%{http_code} %{size_upload}")
    expecting = ("--header", "Expect: 100-continue", "--expect100-timeout", "60")
    assert curl(*expecting, *told, "--upload-file", f"{folder}/noise.bin", f"{url}/nowhere") == b"404 0"


def test_a_form_and_plain_content_come_back(served: Served, curl: Curl, noise: bytes, folder: Path) -> None:
    site, url = served
    assert curl("--data-binary", f"@{folder}/noise.bin", f"{url}/echo") == noise
    form = curl("--form", f"file=@{folder}/noise.bin", "--form", "word=naïve", f"{url}/echo")
    assert noise in form
    assert site.seen[1].fields["content-type"].startswith("multipart/form-data; boundary=")


# Transports


def test_over_tls(folder: Path, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = str(tmp_path / "server.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    trusting = ("--cacert", str(tmp_path / "authority.pem"))
    untrusted = 60
    with serving(folder, ssl_context=tls.server_context(certificate)) as (site, url):
        told = ("--output", "saved", "--write-out", "%{http_version} %{scheme}")
        assert curl(*trusting, *told, f"{url}/file/noise.bin").upper() == b"1.1 HTTPS", "h2 was offered, and not taken"
        assert (tmp_path / "client" / "saved").read_bytes() == noise
        assert curl("--insecure", "--range", "1-200000", f"{url}/file/noise.bin") == noise[1:200_001]
        assert curl(*trusting, f"{url}/stream/noise.bin") == noise
        curl(*trusting, "--upload-file", f"{folder}/noise.bin", f"{url}/upload/")
        curl(f"{url}/file/noise.bin", ends_with=untrusted)
    assert site.uploads == {"noise.bin": noise}
    assert len(site.seen) == 4


def test_over_a_unix_socket(folder: Path, curl: Curl, noise: bytes, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with serving(folder, unix_path=path) as (site, _):
        assert curl("--unix-socket", str(path), "http://localhost/file/noise.bin") == noise
        curl("--unix-socket", str(path), "--upload-file", f"{folder}/noise.bin", "http://localhost/upload/")
    assert site.uploads == {"noise.bin": noise}
    assert site.seen[0].fields["host"] == "localhost"
