"""What every server's command line has."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from merkhet_reference import Handler, Limits, Request, Server, command_line


def handler(request: Request) -> None:
    request.respond(200)


def test_without_arguments_it_is_local_and_plain() -> None:
    options = command_line.parser("program", "What it is.").parse_args([])
    assert (options.host, options.port, options.unix, options.tls_cert) == ("127.0.0.1", 8080, None, None)
    assert command_line.limits_from(options) == Limits()


def test_limits_that_are_named_are_set() -> None:
    options = command_line.parser("program", None).parse_args(
        ["--idle-seconds", "1.5", "--head-seconds", "2", "--content-seconds", "3"]
    )
    limits = command_line.limits_from(options)
    assert (limits.idle_seconds_max, limits.head_seconds_max, limits.content_seconds_max) == (1.5, 2.0, 3.0)


@pytest.mark.parametrize(("is_secret", "scheme"), [(False, "http"), (True, "https")])
def test_where_it_listens(is_secret: bool, scheme: str) -> None:  # noqa: FBT001
    options = command_line.parser("program", None).parse_args(["--port", "0"])
    server = Server(handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if is_secret else None
    where = command_line.listen(server, options, context)
    assert where == f"{scheme}://127.0.0.1:{server.address[1]}/"
    server.shutdown()


def test_where_it_listens_without_a_port(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server = Server(handler)
    options = command_line.parser("program", None).parse_args(["--unix", path])
    assert command_line.listen(server, options, None) == f"unix:{path}"
    assert server.addresses == [path]
    server.shutdown()


def test_an_application_that_cannot_be_made_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> Handler:
        raise FileNotFoundError(2, "there is no such folder", "x")

    options = command_line.parser("program", None).parse_args(["--port", "0"])
    assert command_line.serve(options, broken) == 1
    assert "there is no such folder" in capsys.readouterr().err


def test_it_says_where_and_serves(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Server] = []

    def note(server: Server) -> None:
        served.append(server)

    monkeypatch.setattr(Server, "serve", note)
    options = command_line.parser("program", None).parse_args(["--port", "0", "--host", "::1"])
    assert command_line.serve(options, lambda: handler) == 0
    (server,) = served
    assert capsys.readouterr().out == f"merkhet reference: listening on http://[::1]:{server.address[1]}/\n"
    server.shutdown()
