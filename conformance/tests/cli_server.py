"""A server of a few lines for the tests of the command line: good enough for a preflight, faulty as its mode says.

python cli_server.py PORT MODE. It reads heads alone, refuses a request without Host, and serves every other.
"""

import contextlib
import os
import pathlib
import socket
import sys
import threading
import time

HOSTILE = b"\x1b[31m\x00\xff\r"
OK = b"HTTP/1.1 200 OK\r\nServer: small\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
)


def answer(head: bytes, mode: str) -> bytes:
    legal = b" HTTP/1.1\r\n" in head and b"\r\nHost: " in head
    if legal:
        return OK
    if mode == "serves-all" and b" HTTP/1.1\r\n" in head:
        return OK
    if mode == "dies-of-it" and b" HTTP/1.1\r\n" in head:
        os._exit(9)
    if mode == "hostile" and b" HTTP/1.1\r\n" in head:
        sys.stdout.buffer.write(b"printed " + HOSTILE + b"\n")
        return b"HTTP/1.1 200 " + HOSTILE + b"\r\nX: " + HOSTILE + b"\r\n\r\n" + HOSTILE
    return REFUSED


def serve(connection: socket.socket, mode: str) -> None:
    with connection, connection.makefile("rb") as reader:
        head = b""
        for line in reader:
            if line != b"\r\n":
                head += line
                continue
            reply = answer(head, mode)
            connection.sendall(reply)
            if reply != OK:
                return
            head = b""


def guarded(connection: socket.socket, mode: str) -> None:
    with contextlib.suppress(OSError):
        serve(connection, mode)


def main() -> None:
    port, mode = int(sys.argv[1]), sys.argv[2]
    if mode == "dies-at-once":
        print("no \x1b[31mlicence")
        sys.exit(3)
    if mode == "never-ready":
        time.sleep(3600)
    connections_max = 10**9
    if mode == "dies-once":
        marker = pathlib.Path("died")
        connections_max = 10**9 if marker.exists() else 40
        marker.touch()
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    print("listening", listener.getsockname()[1], os.getpid(), flush=True)
    for _ in range(connections_max):
        connection, _ = listener.accept()
        threading.Thread(target=guarded, args=(connection, mode), daemon=True).start()


main()
