"""The world as a process of its own: `python -m himaya.bench.live.serve --people 2000 --seed 1 --port 8000`.

It listens on 127.0.0.1 and nowhere else.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import uvloop

from himaya.bench.live.http import listen
from himaya.bench.live.site import Site
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World


def main() -> None:
    """Serve until SIGTERM or SIGINT; print `ready PORT` once connections are taken."""
    parser = argparse.ArgumentParser(prog="himaya.bench.live.serve")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ids", choices=["sequential", "random"], default="sequential")
    parser.add_argument("--port", type=int, default=0)
    wanted = parser.parse_args()
    world = World(Knobs(people=wanted.people, ids=wanted.ids), wanted.seed)
    uvloop.run(_serve(Site(world), wanted.port))


async def _serve(site: Site, port: int) -> None:
    server = await listen(site, "127.0.0.1", port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    sys.stdout.write(f"ready {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()


if __name__ == "__main__":
    main()
