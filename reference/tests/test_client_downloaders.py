"""wget and aria2 against the reference: downloads that are resumed, repeated, and divided among connections."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
import trustme
from client_site import needs, run, serving, write_noise, write_text

from merkhet_reference import Request, tls

NOISE_BYTES = 1_000_003
MEGABYTE = 1024 * 1024
CONNECTIONS = 8
WGET = ("--no-config", "--no-proxy", "--no-verbose", "--waitretry=0", "--no-hsts")
ARIA2 = (
    "--no-conf", "--no-netrc", "--enable-dht=false", "--file-allocation=none", "--console-log-level=error",
    "--summary-interval=0", "--download-result=hide", "--out=saved", "--retry-wait=0",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def client(tmp_path: Path) -> Path:
    (tmp_path / "client").mkdir()
    return tmp_path / "client"


@needs("wget")
def test_wget_goes_on_with_what_it_has(folder: Path, client: Path) -> None:
    noise = write_noise(folder / "noise.bin", NOISE_BYTES)
    (client / "noise.bin").write_bytes(noise[:400_000])
    with serving(folder) as (site, url):
        run("wget", *WGET, "--continue", f"{url}/file/noise.bin", folder=client)
        assert (client / "noise.bin").read_bytes() == noise
        assert [seen.fields.get("range") for seen in site.seen] == ["bytes=400000-"]
        run("wget", *WGET, "--continue", f"{url}/file/noise.bin", folder=client)
        assert (client / "noise.bin").read_bytes() == noise, "there was nothing left to get: 416"
        assert site.seen[1].fields["range"] == f"bytes={NOISE_BYTES}-"


@needs("wget")
def test_wget_goes_on_where_the_server_broke_off(folder: Path, client: Path) -> None:
    noise = write_noise(folder / "noise.bin", NOISE_BYTES)
    with serving(folder) as (site, url):
        run("wget", *WGET, "--continue", "--tries=3", f"{url}/broken/noise.bin", folder=client)
    assert (client / "noise.bin").read_bytes() == noise
    assert [seen.fields.get("range") for seen in site.seen] == [None, f"bytes={NOISE_BYTES // 2}-"]


@needs("wget")
def test_wget_asks_whether_a_file_has_changed(folder: Path, client: Path) -> None:
    text = write_text(folder / "text.txt", 100)
    with serving(folder) as (site, url):
        for _ in range(2):
            run("wget", *WGET, "--timestamping", f"{url}/file/text.txt", folder=client)
    assert (client / "text.txt").read_bytes() == text
    assert ["if-modified-since" in seen.fields for seen in site.seen] == [False, True]
    assert (client / "text.txt").stat().st_mtime == int((folder / "text.txt").stat().st_mtime), "from Last-Modified"


@needs("wget")
def test_wget_takes_chunks_redirects_and_compressed_content(folder: Path, client: Path) -> None:
    text = write_text(folder / "text.txt", 2000)
    with serving(folder) as (site, url):
        run("wget", *WGET, "--output-document=stream", f"{url}/stream/text.txt", folder=client)
        run("wget", *WGET, "--compression=gzip", "--output-document=moved", f"{url}/moved/text.txt", folder=client)
    assert (client / "stream").read_bytes() == text
    assert (client / "moved").read_bytes() == text
    assert [seen.target for seen in site.seen] == ["/stream/text.txt", "/moved/text.txt", "/file/text.txt"]
    assert site.seen[2].fields["accept-encoding"] == "gzip"


class Gathering:
    """Holds the first requests for ranges until so many wait at the same time, so that none can be done before others."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)
        self._left = count
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> None:
        with self._lock:
            waits = self._left > 0 and b"Range" in request.fields
            self._left -= waits
        if waits:
            self._barrier.wait(20)

    @property
    def came(self) -> bool:
        """Whether they met."""
        return self._left == 0 and not self._barrier.broken


@needs("aria2c")
def test_aria2_downloads_over_eight_connections(folder: Path, client: Path) -> None:
    noise = write_noise(folder / "noise.bin", 32 * MEGABYTE + 1)
    gathering = Gathering(CONNECTIONS - 1)  # the first asks for all, to see whether there are ranges
    divided = (f"--max-connection-per-server={CONNECTIONS}", f"--split={CONNECTIONS}", "--min-split-size=1M")
    with serving(folder, before=gathering) as (site, url):
        run("aria2c", *ARIA2, *divided, f"{url}/file/noise.bin", folder=client)
    assert (client / "saved").read_bytes() == noise
    asked = [seen.fields["range"] for seen in site.seen if "range" in seen.fields]
    assert len(set(asked)) >= CONNECTIONS - 1, asked
    assert all(re.fullmatch(r"bytes=[0-9]+-[0-9]*", value) for value in asked), asked
    assert gathering.came, "they were there at the same time"
    assert site.connections >= CONNECTIONS


@needs("aria2c")
def test_aria2_mends_a_broken_download(folder: Path, client: Path) -> None:
    noise = write_noise(folder / "noise.bin", 3 * MEGABYTE)
    with serving(folder) as (site, url):
        run("aria2c", *ARIA2, "--split=1", "--max-tries=5", f"{url}/broken/noise.bin", folder=client)
    assert (client / "saved").read_bytes() == noise
    assert any("range" in seen.fields for seen in site.seen[1:])


@needs("aria2c")
def test_aria2_over_tls(folder: Path, client: Path, tmp_path: Path) -> None:
    noise = write_noise(folder / "noise.bin", 8 * MEGABYTE)
    authority = trustme.CA()
    certificate, trusted = str(tmp_path / "server.pem"), str(tmp_path / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(trusted)
    divided = ("--max-connection-per-server=4", "--split=4", "--min-split-size=1M", f"--ca-certificate={trusted}")
    with serving(folder, ssl_context=tls.server_context(certificate)) as (site, url):
        run("aria2c", *ARIA2, *divided, f"{url}/file/noise.bin", folder=client)
    assert (client / "saved").read_bytes() == noise
    assert len(site.seen) > 1
