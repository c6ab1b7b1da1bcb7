"""Serve the ASGI contract app with uvicorn. Usage: python serve_uvicorn.py IMPLEMENTATION PORT FILES

IMPLEMENTATION is uvicorn's HTTP protocol: `h11` or `httptools`. All else is uvicorn's default.
"""

from __future__ import annotations

import sys

import uvicorn
from asgi_contract import create_app

if __name__ == "__main__":
    implementation, port, files = sys.argv[1:]
    uvicorn.run(
        create_app(files),
        host="127.0.0.1",
        port=int(port),
        http=implementation,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
