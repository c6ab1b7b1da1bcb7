"""What the programs of this package share: where to listen, how long to wait, and how to begin and to end."""

from __future__ import annotations

import argparse
import ssl
import sys
from collections.abc import Callable

from merkhet_reference import tls
from merkhet_reference.limits import Limits
from merkhet_reference.message import Handler
from merkhet_reference.observer import Observer
from merkhet_reference.server import WORKERS, Server

CANNOT_START = 1
"""The exit code of a program that was asked for something right which it could not do; argparse has 2 for the rest."""


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the arguments that every server has."""
    made = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on, IPv4 or IPv6")
    made.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    made.add_argument("--unix", metavar="PATH", help="listen on a Unix socket instead")
    made.add_argument("--tls-cert", metavar="FILE", help="speak TLS, with this certificate (PEM)")
    made.add_argument("--tls-key", metavar="FILE", help="the certificate's key, if it is not in the same file")
    made.add_argument("--workers", type=int, default=WORKERS, help="threads that run handlers")
    made.add_argument("--idle-seconds", type=float, help="limit on the time between two requests")
    made.add_argument("--head-seconds", type=float, help="limit on the time that a head takes")
    made.add_argument("--content-seconds", type=float, help="limit on the time without progress inside content")
    return made


def limits_from(options: argparse.Namespace) -> Limits:
    """Return the limits, with those that the command line names."""
    chosen = {
        "idle_seconds_max": options.idle_seconds,
        "head_seconds_max": options.head_seconds,
        "content_seconds_max": options.content_seconds,
    }
    return Limits(**{name: value for name, value in chosen.items() if value is not None})


def serve(
    options: argparse.Namespace,
    application: Callable[[], Handler],
    observer: Observer | None = None,
    *,
    limits: Limits | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, after a line that says where; return the exit code."""
    try:
        context = tls.server_context(options.tls_cert, options.tls_key) if options.tls_cert else None
        server = Server(
            application(),
            workers=options.workers,
            limits=limits or limits_from(options),
            ssl_context=context,
            observer=observer,
        )
        where = listen(server, options, context)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"merkhet reference: cannot listen: {error}\n")
        return CANNOT_START
    sys.stdout.write(f"merkhet reference: listening on {where}\n")
    sys.stdout.flush()
    server.serve()
    return 0


def listen(server: Server, options: argparse.Namespace, context: ssl.SSLContext | None) -> str:
    """Let the server listen, and return where, as a URL if there is one. Raises OSError and ValueError."""
    if options.unix:
        server.listen_unix(options.unix)
        return f"unix:{options.unix}"
    server.listen(options.port, options.host)
    host, port = server.address
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if context else 'http'}://{host}:{port}/"
