"""An ASGI site for `uvicorn --workers`: its configuration is named in the environment."""

from __future__ import annotations

import os

from himaya.gate.asgi import GateMiddleware


async def site(scope, receive, send):
    """Answer with who was asked for, and by which process."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"text/plain"), (b"x-process", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


application = GateMiddleware(site, os.environ["HIMAYA_CONFIG"])
