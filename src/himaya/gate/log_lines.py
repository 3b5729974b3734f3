"""How the process writes its own log: sentences, or JSON lines in the Elastic Common Schema (ECS).

Neither holds an address, an account, a session or a subject: messages are written without them, and of an unexpected
error only its type and where it happened is told, because its words may quote what a visitor sent.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

import msgspec

from himaya import __version__

Format = Literal["text", "ecs"]

#: The version of the schema whose field names are used.
ECS_VERSION = "8.11.0"

_Info = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None
)


class TextLines(logging.Formatter):
    """`himaya gate: WARNING: sentence`."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program}: %(levelname)s: %(message)s")

    def formatException(self, ei: _Info) -> str:  # noqa: N802  (logging's name)
        """Return where an error happened and its type, without its words."""
        return place_of(ei)


class EcsLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._dataset = program.replace(" ", ".")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, object] = {
            "@timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": ECS_VERSION,
            "service.name": "himaya",
            "service.version": __version__,
            "event.dataset": self._dataset,
            "event.kind": "event",
            "log.logger": record.name,
            "process.pid": os.getpid(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["error.type"] = record.exc_info[0].__name__
            fields["error.stack_trace"] = place_of(record.exc_info)
        return msgspec.json.encode(fields).decode()


def place_of(info: _Info) -> str:
    """Return the frames and the type of an error."""
    if info is None or info[0] is None:
        return ""
    frames = "".join(traceback.format_tb(info[2]))
    return f"Traceback (most recent call last):\n{frames}{info[0].__name__}"


def write_log(program: str, form: Format) -> None:
    """Write what is logged to standard error from now on; called again it changes the form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EcsLines(program) if form == "ecs" else TextLines(program))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def writes_ecs() -> bool:
    """Tell whether the log of this process is written as ECS."""
    return any(isinstance(handler.formatter, EcsLines) for handler in logging.getLogger().handlers)
