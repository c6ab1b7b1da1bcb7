"""What several tests ask a running server with: the standard library's client, and bare octets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

from merkhet_reference import Server


class Answer:
    """A whole answer, its fields by lower-case name."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.content = response.read()


def ask(
    server: Server,
    path: str,
    method: str = "GET",
    content: bytes | None = None,
    fields: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    try:
        connection.request(method, path, content, dict(fields or {}))
        return Answer(connection.getresponse())
    finally:
        connection.close()


def exchange(server: Server, octets: bytes) -> bytes:
    """Send these octets, which ask for the end of the connection, and return all that comes."""
    with socket.create_connection(server.address, timeout=10) as sock:
        sock.sendall(octets)
        return b"".join(iter(lambda: sock.recv(65536), b""))
