"""The site as a process of its own: `python -m himaya.demo.serve --people 20000`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

import uvloop

from himaya.bench.live.http import listen
from himaya.demo.people import population
from himaya.demo.site import Site


def main() -> None:
    """Serve until SIGTERM or SIGINT; print `ready PORT` once connections are taken."""
    parser = argparse.ArgumentParser(prog="himaya.demo.serve")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    wanted = parser.parse_args()
    uvloop.run(_serve(wanted.host, wanted.port, wanted.people))


async def _serve(host: str, port: int, people: int) -> None:
    server = await listen(Site(population(people)), host, port)
    sys.stdout.write(f"ready {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    main()
