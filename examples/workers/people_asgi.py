"""An ASGI site in several processes; each asks the same authority. See docs/workers.md.

uvicorn --app-dir examples/workers people_asgi:application --workers 2 --port 8001
"""

import os
from pathlib import Path

from himaya.gate.asgi import GateMiddleware

CONFIG = os.environ.get("HIMAYA_CONFIG") or Path(__file__).with_name("himaya.toml")


async def site(scope, receive, send):
    """Answer every path with its own name, and say which process did."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"text/plain"), (b"x-process", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["path"].encode() + b"\n"})


application = GateMiddleware(site, CONFIG)
