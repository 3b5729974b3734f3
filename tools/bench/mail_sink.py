"""A mail server that takes everything and keeps nothing; it prints its port, and how much it took when it ends.

It runs in a process of its own, so that its work is not counted as that of the sender.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


class Sink:
    """Counts mails and bytes."""

    def __init__(self) -> None:
        """Nothing was taken yet."""
        self.mails = self.size = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much SMTP as a sender needs."""
        writer.write(b"220 sink\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.size += len(await reader.readuntil(b"\r\n.\r\n"))
                    self.mails += 1
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if verb == b"QUIT":
                    break
        writer.close()


async def _main() -> None:
    sink = Sink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(
        None, sys.stdin.read
    )  # until its parent ends it
    print(sink.mails, sink.size, flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(_main())
