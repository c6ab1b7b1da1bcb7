"""Serve the ASGI contract app with uvicorn. Usage: python serve_uvicorn.py HTTP WS PORT FILES

HTTP is uvicorn's implementation of that protocol, `h11` or `httptools`, and WS that of WebSocket, `wsproto` or
`websockets-sansio`. All else is uvicorn's default.
"""

from __future__ import annotations

import sys

import uvicorn
from asgi_contract import create_app

if __name__ == "__main__":
    http, websocket, port, files = sys.argv[1:]
    uvicorn.run(
        create_app(files),
        host="127.0.0.1",
        port=int(port),
        http=http,
        ws=websocket,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
