"""Starting targets: their port, their files, how they fail, and that they never outlive us."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from merkhet.fixtures import FIXTURES
from merkhet.target import process as module
from merkhet.target.embedded import embedded
from merkhet.target.listener import belongs_to
from merkhet.target.process import OUTPUT_BYTES_MAX, TargetError, TargetProcess, draw_port, version_of

LISTEN = """
import http.server, os, sys
print("started", os.getpid(), flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., TargetProcess]]:
    made: list[TargetProcess] = []

    def make(code: str, *words: str, ready_seconds: float = 20.0, **env: str) -> TargetProcess:
        script = tmp_path / f"server{len(made)}.py"
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, str(script), "{port}", *words]
        made.append(TargetProcess(command, folder=tmp_path, env=env, ready_seconds=ready_seconds))
        return made[-1]

    yield make
    for target in made:
        target.stop()


def is_gone(pid: int) -> bool:
    """Whether a process has ended, within ten seconds; one that only waits to be reaped has."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_starts_listens_and_stops(make: Callable[..., TargetProcess]) -> None:
    target = make(LISTEN)
    port = target.start()
    assert port < int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    assert connects(port)
    assert target.alive()
    assert target.ended() == ""
    target.stop()
    target.stop()
    assert not target.alive()
    assert not connects(port)
    assert target.output().startswith("started ")


def test_fixture_files_are_whole_old_and_removed(make: Callable[..., TargetProcess]) -> None:
    code = (
        "import json, pathlib, sys\n"
        "top = pathlib.Path(sys.argv[2])\n"
        "names = [str(path.relative_to(top)) for path in top.rglob('*') if path.is_file()]\n"
        "print(json.dumps([sys.argv[2], names]), flush=True)\n"
    )
    target = make(code + LISTEN.replace('print("started", os.getpid(), flush=True)', ""), "{files}")
    target.start()
    folder, names = json.loads(target.output().splitlines()[0])
    assert {name: (Path(folder) / name).read_bytes() for name in names} == FIXTURES
    assert b"" in FIXTURES.values()
    assert all(time.time() - (Path(folder) / name).stat().st_mtime > 3600 for name in names)
    target.stop()
    assert not Path(folder).exists()


def test_env_and_folder(make: Callable[..., TargetProcess], tmp_path: Path) -> None:
    target = make("import os\nprint(os.environ['MODE'], os.getcwd(), flush=True)\n" + LISTEN, MODE="test")
    target.start()
    assert target.output().splitlines()[0] == f"test {tmp_path}"


def test_restart_gives_a_new_process(make: Callable[..., TargetProcess]) -> None:
    target = make(LISTEN)
    target.start()
    first = int(target.output().split()[1])
    os.kill(first, signal.SIGKILL)
    assert is_gone(first)
    assert not target.alive()
    assert target.ended() == "killed by SIGKILL"
    port = target.restart()
    assert target.alive()
    assert connects(port)


def test_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot be started"):
        TargetProcess([str(tmp_path / "absent"), "{port}"]).start()


def test_dies_at_once(make: Callable[..., TargetProcess]) -> None:
    target = make("import sys\nprint('no licence')\nsys.exit(7)\n")
    with pytest.raises(TargetError, match="ended before it listened: exit status 7") as caught:
        target.start()
    assert "no licence" in caught.value.output


def test_never_ready(make: Callable[..., TargetProcess]) -> None:
    target = make("import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()\n", ready_seconds=0.5)
    with pytest.raises(TargetError, match=r"did not listen on 127.0.0.1:\d+ within 0.5 s") as caught:
        target.start()
    assert is_gone(int(caught.value.output))


def test_children_die_too_even_if_the_parent_ignores_us(make: Callable[..., TargetProcess]) -> None:
    code = (
        "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\nif child == 0:\n    signal.pause()\nprint(child, flush=True)\n"
    )
    target = make(code + LISTEN)
    target.start()
    child = int(target.output().split()[0])
    target.stop()
    assert is_gone(child)


def test_output_is_bounded_and_escaped(make: Callable[..., TargetProcess]) -> None:
    code = "import sys\nsys.stdout.buffer.write(b'x' * 200000 + b'\\xff end')\nsys.stdout.flush()\nsys.exit(1)\n"
    with pytest.raises(TargetError) as caught:
        make(code).start()
    assert caught.value.output.endswith("x\\xff end")
    assert len(caught.value.output) <= OUTPUT_BYTES_MAX + 8


def test_a_port_that_a_stranger_has_is_not_ours(
    make: Callable[..., TargetProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        assert belongs_to(taken, os.getsid(0))
        free = draw_port()
        ports = iter([taken, taken, free])
        monkeypatch.setattr(module, "draw_port", lambda: next(ports))
        target = make(LISTEN)
        assert target.start() == free


def test_strangers_to_the_last_try(make: Callable[..., TargetProcess], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        monkeypatch.setattr(module, "draw_port", lambda: stranger.getsockname()[1])
        with pytest.raises(TargetError, match="5 times"):
            make("import signal\nsignal.pause()\n").start()


OWNER = """
import signal, sys
from merkhet.target.process import TargetProcess
target = TargetProcess([sys.executable, sys.argv[1], "{port}"])
target.start()
sys.stdout.write(target.output())
sys.stdout.flush()
%s
"""


@pytest.mark.parametrize(
    ("ending", "number"),
    [
        ("sys.exit(0)", None),
        ("raise RuntimeError", None),
        ("signal.pause()", signal.SIGINT),
        ("signal.pause()", signal.SIGKILL),
    ],
)
def test_dies_with_us(tmp_path: Path, ending: str, number: signal.Signals | None) -> None:
    (tmp_path / "server.py").write_text(LISTEN, encoding="utf-8")
    command: Sequence[str] = [sys.executable, "-c", OWNER % ending, str(tmp_path / "server.py")]
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline().split()[1])
        guards = [pid for pid in children(owner.pid) if pid_words(pid)[-1].endswith(b"watch.py")]
        if number is not None:
            owner.send_signal(number)
    assert is_gone(pid)
    assert all(is_gone(guard) for guard in guards)
    assert not list(tmp_path.glob("merkhet-files-*"))


def test_a_whole_group_dies_with_us_even_after_a_restart_from_another_thread(tmp_path: Path) -> None:
    code = "import os, signal\nchild = os.fork()\nif child == 0:\n    signal.pause()\nprint(child, end=' ')\n" + LISTEN
    (tmp_path / "server.py").write_text(code, encoding="utf-8")
    ending = (
        "import threading\nthread = threading.Thread(target=target.restart)\nthread.start()\nthread.join()\n"
        "print(target.output(), target.alive(), flush=True)\nsignal.pause()"
    )
    command = [sys.executable, "-c", OWNER % ending, str(tmp_path / "server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        child, _, pid = owner.stdout.readline().split()
        owner.stdout.readline()
        again, _, other = owner.stdout.readline().split()
        assert owner.stdout.readline().split() == [b"True"]
        owner.kill()
    assert all(is_gone(int(gone)) for gone in (child, pid, again, other))


def children(owner: int) -> list[int]:
    tasks = Path(f"/proc/{owner}/task/{owner}/children")
    return [int(pid) for pid in tasks.read_text(encoding="ascii").split()] if tasks.exists() else []


def pid_words(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    return [b""]


def test_version_of(tmp_path: Path) -> None:
    def version(code: str) -> str:
        return version_of([sys.executable, "-c", code], tmp_path, {})

    assert version("print('server 1.2'); print('more')") == "server 1.2"
    assert version("import sys; sys.stderr.write('server/1.3')") == "server/1.3"
    assert version("raise SystemExit(1)") == ""
    assert version_of([str(tmp_path / "absent")], tmp_path, {}) == ""
    assert version_of([], tmp_path, {}) == ""


def test_embedded_reference_answers() -> None:
    target = embedded()
    with contextlib.closing(_Stopping(target)):
        port = target.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert answer.status == 200


class _Stopping:
    def __init__(self, target: TargetProcess) -> None:
        self.close = target.stop
