"""A Starlette application of one file behind himaya: profiles and a search.

himaya gate --config examples/asgi/himaya.toml --mode authority
python examples/asgi/site.py [PORT] [CONFIG]
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from himaya.gate.asgi import GateMiddleware, disclose

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
CONFIG = sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("himaya.toml")


def people(request):
    """Return the ids of a page of results: ?n=COUNT."""
    return [f"p{n}" for n in range(int(request.query_params.get("n", 3)))]


async def profile(request):
    """Show one person; himaya knows whom from the path."""
    who = request.path_params["who"]
    return HTMLResponse(f"<!doctype html><title>{who}</title><p>{who}@people.example")


async def search(request):
    """Show results and say who is in them."""
    for one in people(request):
        disclose(one, ["name"])
    return HTMLResponse(
        "<!doctype html><title>Search</title>" + "".join(f"<p>{p}" for p in people(request))
    )


async def api(request):
    """Answer with JSON; himaya reads the ids."""
    return JSONResponse({"results": [{"id": one, "name": one} for one in people(request)]})


application = Starlette(
    routes=[Route("/u/{who}", profile), Route("/search", search), Route("/api/people", api)],
    # The account comes from whatever logs visitors in; here from the scope that it fills.
    middleware=[
        Middleware(GateMiddleware, config=CONFIG, account=lambda scope: scope.get("account", ""))
    ],
)

if __name__ == "__main__":
    uvicorn.run(application, port=PORT, log_level="warning")
