"""The application of the middleware's measurement: Starlette, bare, or behind himaya when a configuration is named.

python -m tools.bench.gate_app PORT [HIMAYA.TOML]
"""

from __future__ import annotations

import sys
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from tools.bench.gate_site import BODY

from himaya.gate.asgi import GateMiddleware


async def page(_: Request) -> HTMLResponse:
    """Answer every page alike."""
    return HTMLResponse(BODY)


def application(config: str = "") -> ASGIApp:
    """Return the application, behind himaya when there is a configuration."""
    bare = Starlette(routes=[Route("/{path:path}", page)])
    return cast("ASGIApp", GateMiddleware(bare, config=config)) if config else bare


if __name__ == "__main__":
    uvicorn.run(
        application(*sys.argv[2:]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
        lifespan="off",
        proxy_headers=False,
    )
