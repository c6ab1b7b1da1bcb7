"""What the server counts, for Prometheus and for programs. The tutorial's "Monitor Performance".

python metrics.py 8080
curl http://127.0.0.1:8080/
curl http://127.0.0.1:8080/metrics
curl http://127.0.0.1:8080/metrics.json

Whoever reaches the server reads the numbers. Where that is not wanted, a second server with this page alone listens
elsewhere: both may be in one program.
"""

from __future__ import annotations

import json
import sys

from merkhet_reference import Metrics, Operation, Request, Router, Server, metrics_page


def hello(request: Request) -> None:
    """Answer as an example does."""
    request.respond(200, {"Content-Type": "text/plain"}, b"Hello from the other side!\n")


def application(metrics: Metrics) -> Router:
    """Return the routes: the application's own, and two views of the numbers."""

    def as_json(request: Request) -> None:
        request.respond(200, {"Content-Type": "application/json"}, json.dumps(metrics.snapshot()).encode())

    router = Router()
    router.get("/", hello)
    router.get("/metrics", metrics_page(metrics))
    router.get("/metrics.json", as_json)
    return router


if __name__ == "__main__":
    counted = Metrics()
    Server(application(counted), observer=Operation(counted)).serve(int(sys.argv[1]))
