"""A file server for the command line.

    python -m merkhet_reference.serve --root public

With --upload files can be put and deleted as well as read, by whoever reaches the server: it asks nobody who they are.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from merkhet_reference import access_log, command_line
from merkhet_reference.access_log import AccessLog
from merkhet_reference.files import FileServer
from merkhet_reference.metrics import Metrics
from merkhet_reference.mutable import MutableFolder
from merkhet_reference.operation import Operation, metrics_page
from merkhet_reference.router import Router

FORMATS = {"common": access_log.format_common, "json": access_log.format_json}


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for; exit with code 2 and a sentence if that cannot be."""
    parser = command_line.parser("python -m merkhet_reference.serve", __doc__)
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="serve what lies in this folder")
    parser.add_argument("--no-listing", action="store_true", help="show no pages of folders without an index.html")
    parser.add_argument("--hidden", action="store_true", help="serve names that begin with a dot, too")
    parser.add_argument("--upload", action="store_true", help="let anyone PUT and DELETE files")
    parser.add_argument(
        "--access-log", choices=["common", "json", "none"], default="common", help="a line for each answer, on stdout"
    )
    parser.add_argument("--metrics", metavar="PATH", help="answer this path with counts for Prometheus, as /metrics")
    options = parser.parse_args(arguments)
    if not options.root.is_dir():
        parser.error(f"there is no folder {str(options.root)!r}")
    if options.metrics is not None and not options.metrics.startswith("/"):
        parser.error("the path of the metrics begins with a slash")
    if options.tls_key and not options.tls_cert:
        parser.error("a key is of no use without a certificate")
    return options


def application(options: argparse.Namespace, metrics: Metrics | None) -> Router:
    """Return the router: the metrics if they have a path, and the folder below every other one."""
    router = Router()
    listing = not options.no_listing
    folder = (
        MutableFolder(options.root, listing=listing, hidden=options.hidden, partial=True)
        if options.upload
        else FileServer(options.root, listing=listing, hidden=options.hidden)
    )
    for method in folder.methods:
        router.add(method, "/**", folder)
    if metrics is not None:
        router.get(options.metrics, metrics_page(metrics))
    return router


def main(arguments: list[str] | None = None) -> int:
    """Serve a folder until SIGTERM or SIGINT; return the exit code."""
    options = parse_arguments(arguments)
    metrics = None
    if options.metrics is not None:
        metrics = Metrics()
        metrics.workers_total = options.workers
    if options.access_log == "none":
        observer = None if metrics is None else Operation(metrics)
        return command_line.serve(options, lambda: application(options, metrics), observer)
    logger = logging.getLogger(access_log.LOGGER_NAME)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = access_log.access_handler(sys.stdout)
    logger.addHandler(handler)
    operation = Operation(metrics, AccessLog(logger, FORMATS[options.access_log]))
    try:
        return command_line.serve(options, lambda: application(options, metrics), operation)
    finally:
        logger.removeHandler(handler)
        handler.close()


if __name__ == "__main__":
    sys.exit(main())
