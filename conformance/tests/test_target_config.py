"""Target files: what is read, where it is found, and where each mistake is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from merkhet.target.config import ConfigError, TargetConfig, find, load
from merkhet.target.reach import Access, ReachError, is_loopback, reach

WHOLE = """\
[target.mine]
command = ["./server", "--port", "{port}", "--root", "{files}"]
version = ["./server", "--version"]
ready = { timeout = 2.5 }
base_path = "/app"

[target.mine.headers]
Authorization = "Bearer x"

[target.mine.env]
MODE = "test"

[target.mine.endpoint]
root = "/"
echo = "/echo"
status = "/status/{code}"

[target.live]
url = "https://127.0.0.1:8443"
insecure = true
sni = "example.org"
"""


def written(folder: Path, text: str, name: str = "merkhet.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_every_key(tmp_path: Path) -> None:
    targets = load(written(tmp_path, WHOLE))
    assert targets["mine"] == TargetConfig(
        name="mine",
        folder=tmp_path.resolve(),
        command=("./server", "--port", "{port}", "--root", "{files}"),
        version=("./server", "--version"),
        ready_seconds=2.5,
        base_path="/app",
        headers=("Authorization: Bearer x",),
        env={"MODE": "test"},
        endpoints={"root": "/", "echo": "/echo", "status": "/status/{code}"},
    )
    live = targets["live"]
    assert (live.url, live.insecure, live.sni) == ("https://127.0.0.1:8443", True, "example.org")


def test_found_above_and_in_pyproject(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    written(tmp_path, '[tool.merkhet.target.mine]\nurl = "http://127.0.0.1:1"\n', "pyproject.toml")
    # A pyproject that says nothing of us does not hide the one above.
    written(below, "[project]\nname = 'merkhet-user'\n", "pyproject.toml")
    path = find(below)
    assert path is not None
    assert path == tmp_path / "pyproject.toml"
    assert list(load(path)) == ["mine"]
    written(tmp_path / "a", WHOLE)
    assert find(below) == tmp_path / "a" / "merkhet.toml"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[target.a\n", 1, "no valid TOML"),
        ("[target.a]\n", 1, "target.a: expected either command"),
        ('[target.a]\nurl = "http://h"\ncommand = ["x", "{port}"]\n', 1, "got both"),
        ('[target.a]\nurl = "ftp://h"\n', 2, "target.a.url: expected a URL such as"),
        ('[target.a]\nurl = "http://h:99999"\n', 2, "target.a.url"),
        ('[target.a]\ncommand = "./server {port}"\n', 2, "target.a.command: expected a list of strings"),
        ("[target.a]\ncommand = []\n", 2, "target.a.command: expected a list of strings"),
        ('[target.a]\ncommand = ["./server"]\n', 2, "expected {port}"),
        ('[target.a]\nurl = "http://h"\nreadi = { timeout = 1 }\n', 3, "did you mean 'ready'?"),
        ('[target.a]\nurl = "http://h"\nready = { timeout = "10s" }\n', 3, "target.a.ready.timeout: expected a number"),
        ('[target.a]\nurl = "http://h"\n[target.a.ready]\n\ntimeout = 0\n', 5, "above 0"),
        ('[target.a]\nurl = "http://h"\nready.timeout = true\n', 3, "target.a.ready.timeout"),
        ('[target.a]\nurl = "http://h"\ninsecure = "yes"\n', 3, "expected true or false"),
        ('[target.a]\nurl = "http://h"\nbase_path = "app"\n', 3, "begins with /"),
        ('[target.a]\nurl = "http://h"\n[target.a.headers]\n"X Y" = "1"\n', 4, "expected a field line"),
        ('[target.a]\nurl = "http://h"\n[target.a.headers]\nX = "a\\nb"\n', 4, "expected a field line"),
        ('[target.a]\nurl = "http://h"\n[target.a.endpoint]\necoh = "/echo"\n', 4, "did you mean 'echo'?"),
        ('[target.a]\nurl = "http://h"\n[target.a.endpoint]\necho = "echo"\n', 4, "begins with /"),
        ('[target.a]\nurl = "http://h"\n[target.a.endpoint]\nstatus = "/status"\n', 4, "a value in braces"),
        ('[target.a]\nurl = "http://h"\n[target.a.endpoint]\nsse = "/e/{n}"\n', 4, "expected 2 values in braces"),
        ('[target.a]\nurl = "http://h"\n[target.a.endpoint]\nroot = 1\n', 4, "expected a path such as '/', got 1"),
        ("[targets.a]\n", 1, "did you mean 'target'?"),
        ("target = 1\n", 1, "expected a table, got 1"),
    ],
)
def test_mistakes_have_a_place(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert words in message


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "merkhet.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "merkhet.toml")


def test_reach_puts_the_base_path_before_every_path() -> None:
    endpoints = {"echo": "/echo", "connect": "example.com:80"}
    address, names = reach(Access(url="http://[::1]:8080/app/", endpoints=endpoints, headers=["X: y"]))
    assert (address.host, address.port, address.tls) == ("::1", 8080, None)
    assert names.host == b"[::1]:8080"
    assert names.endpoints == {"root": "/app/", "echo": "/app/echo", "connect": "example.com:80"}
    assert names.extra_fields == b"X: y\r\n"


def test_reach_tls() -> None:
    address, names = reach(Access(url="https://127.0.0.1:8443", insecure=True, sni="example.org"))
    assert address.tls is not None
    assert address.server_name == "example.org"
    assert (names.scheme, names.host) == ("https", b"example.org:8443")


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "http://", "http://h:0", "http://a@h", "http://h?x", "http://h\n"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ReachError, match="expected a URL"):
        reach(Access(url=url))


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (Access(url="http://127.8.8.8"), True),
        (Access(url="http://[::1]"), True),
        (Access(url="http://localhost"), True),
        (Access(unix="/run/x"), True),
        (Access(url="http://192.0.2.1"), False),
        (Access(url="http://localhost.example.org"), False),
    ],
)
def test_is_loopback(access: Access, expected: bool) -> None:  # noqa: FBT001
    assert is_loopback(access) is expected


def test_a_unix_socket_has_a_url_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, '[target.a]\nurl = "http://localhost"\nunix = "/run/a.sock"\n')
    assert load(path)["a"].unix == "/run/a.sock"
    path = written(tmp_path, '[target.a]\ncommand = ["./a", "{port}"]\nunix = "/run/a.sock"\n')
    with pytest.raises(ConfigError, match=r"merkhet.toml:3: target.a.unix: expected url"):
        load(path)
