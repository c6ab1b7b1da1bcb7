"""A server that serves everything and notes each time it is judged: python counting_server.py PORT FILE.

Before a run one line is sent that is no request; nothing else begins so.
"""

import pathlib
import socket
import sys
import threading

OK = b"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def serve(connection: socket.socket, notes: pathlib.Path) -> None:
    with connection, connection.makefile("rb") as reader:
        for line in reader:
            if line.startswith(b"!!"):
                with notes.open("a") as file:
                    file.write("judged\n")
                connection.sendall(REFUSED)
                return
            if line == b"\r\n":
                connection.sendall(OK)


def main() -> None:
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, pathlib.Path(sys.argv[2])), daemon=True).start()


main()
