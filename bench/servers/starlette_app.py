"""Files by Starlette, for any server that speaks ASGI; they lie in the folder that $BENCH_ROOT names."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

ROOT = Path(os.environ["BENCH_ROOT"])


async def file(request: Request) -> FileResponse:
    return FileResponse(ROOT / request.path_params["name"])


app = Starlette(routes=[Route("/{name}", file)])
