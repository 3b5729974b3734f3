"""Asking the authority and waiting for its reply: for commands, `follow` and WSGI workers."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from himaya.control.messages import (
    MAX_LINE,
    Admit,
    AskStatus,
    Clear,
    Decide,
    Flush,
    Question,
    Record,
    Reload,
    Reply,
    Stand,
    Status,
    Tell,
    TurnOff,
    TurnOn,
    decode_reply,
    encode,
)
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision, Standing
from himaya.core.errors import ServiceError
from himaya.core.exchange import Exchange, Request, Response

T = TypeVar("T")

#: Questions sent before their replies are read, so that neither side's socket buffer fills.
BATCH = 64


class Control:
    """A client of one control socket; safe to share between threads.

    Connections open on first use, are kept, and are opened anew when the authority was restarted.
    Every call raises ServiceError when nothing answers within `timeout_s`, or the authority refuses.
    """

    def __init__(self, path: Path | str, *, timeout_s: float = 5.0) -> None:
        self.path = str(path)
        self.timeout_s = timeout_s
        self._idle: deque[_Line] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def decide(self, request: Request, at: float | None = None) -> Decision:
        """Ask whether a request may pass; opens a ticket under `request.id`."""
        return _need(self.ask(Decide(request, at)).decision)

    def admit(self, response: Response, at: float | None = None) -> Admission:
        """Ask who of a response may leave."""
        return _need(self.ask(Admit(response, at)).admission)

    def record(self, exchange: Exchange, at: float | None = None) -> None:
        """Tell that an exchange is over."""
        self.ask(Record(exchange, at))

    def record_many(self, exchanges: Iterable[tuple[Exchange, float | None]]) -> int:
        """Tell many exchanges in order, without a wait between them; return how many."""
        return len(self.ask_many([Record(exchange, at) for exchange, at in exchanges]))

    def clear(self, clearance: str, actor: Actor, at: float | None = None) -> bool:
        """Tell that a challenge was solved; False when the day's share is used up."""
        return bool(self.ask(Clear(clearance, actor, at)).cleared)

    def tell(self, facts: Iterable[dict[str, Any]]) -> int:
        """Tell facts, each the record of one line of a facts file; return how many were taken."""
        encoded = tuple(msgspec.Raw(msgspec.json.encode(fact)) for fact in facts)
        return self.ask(Tell(encoded)).told

    def status(self) -> Status:
        """Return how the gate is."""
        return _need(self.ask(AskStatus()).status)

    def off(self, why: str = "") -> None:
        """Pass everything from now on."""
        self.ask(TurnOff(why))

    def on(self) -> None:
        """Decide again."""
        self.ask(TurnOn())

    def reload(self) -> None:
        """Have the configuration read again; raises ServiceError with the reason when it is bad."""
        self.ask(Reload())

    def flush(self) -> None:
        """Return once everything recorded so far is durable."""
        self.ask(Flush())

    def stand(self, standing: Standing) -> None:
        """Publish a standing decision."""
        self.ask(Stand(standing))

    def ask(self, question: Question) -> Reply:
        """Ask one question; raises ServiceError when the reply is an error."""
        return self.ask_many([question])[0]

    def ask_many(self, questions: list[Question]) -> list[Reply]:
        """Ask in order, `BATCH` questions at a time; raises ServiceError at the first error."""
        replies: list[Reply] = []
        for start in range(0, len(questions), BATCH):
            replies += self._exchange([encode(q) for q in questions[start : start + BATCH]])
        for reply in replies:
            if not reply.ok:
                raise ServiceError(reply.error)
        return replies

    def _exchange(self, lines: list[bytes]) -> list[Reply]:
        """Send lines and read as many replies; a connection left over from before may be stale."""
        while self._idle:
            line = self._idle.pop()
            if not line.is_stale():
                return self._use(line, lines)
            line.close()
        return self._use(_Line(self.path, self.timeout_s), lines)

    def _use(self, line: _Line, lines: list[bytes]) -> list[Reply]:
        try:
            replies = line.exchange(lines)
        except OSError as problem:
            line.close()
            raise ServiceError(
                f"no answer from the authority at {self.path}: {problem.strerror or problem}"
            ) from None
        except ServiceError:
            line.close()
            raise
        self._idle.append(line)
        return replies


class _Line:
    """One connection, used by one thread at a time."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self.buffer = bytearray()
        try:
            self.socket.connect(path)
        except OSError as problem:
            self.socket.close()
            raise ServiceError(
                f"no authority at {path}: {problem.strerror or problem}."
                " Is `himaya gate` running with the same configuration?"
            ) from None

    def close(self) -> None:
        self.socket.close()

    def is_stale(self) -> bool:
        """Tell whether the other side has closed, or said something unasked."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.socket.setblocking(True)
        return True

    def exchange(self, lines: list[bytes]) -> list[Reply]:
        self.socket.sendall(b"".join(lines))
        return [decode_reply(self._read_line()) for _ in lines]

    def _read_line(self) -> bytes:
        while (end := self.buffer.find(b"\n")) < 0:
            data = self.socket.recv(65536)
            if not data:
                raise ServiceError("the authority closed the connection")
            self.buffer += data
            if len(self.buffer) > 2 * MAX_LINE:
                raise ServiceError("the authority's reply has no end")
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        return line


def _need(part: T | None) -> T:
    if part is None:
        raise ServiceError("the authority's reply lacks the answer; is it of the same version?")
    return part
