"""What the printed Caddy configuration packs into one field of its access log.

Caddy's access log has no free fields of its own (2.6; `log_append` came with 2.8). It writes one placeholder that a
configuration can fill: `user_id`. The printed configuration puts lines into it, and a header value never holds a
line end, so no value can pass for another: the word himaya, the request's id, the gate's state, and the application's
`Himaya-Subjects` and `Himaya-Account` headers, empty when missing.
"""

from __future__ import annotations

from typing import Any

_FIELD = "user_id"
_FIRST = "himaya"
_NAMES = ("id", "gate", "subjects", "account")


def unpacked(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with the packed field as an object `himaya` of its own; other lines as they are.

    `subjects` is `-` when the application did not say, and `,` when it said `-` (nobody), as in the printed nginx log.
    """
    told = line.get(_FIELD)
    if not isinstance(told, str) or not told.startswith(f"{_FIRST}\n"):
        return line
    values = dict(zip(_NAMES, told.split("\n")[1:], strict=False))
    if len(values) < len(_NAMES):
        return line
    values["subjects"] = {"": "-", "-": ","}.get(values["subjects"], values["subjects"])
    rest = {name: value for name, value in line.items() if name != _FIELD}
    return rest | {_FIRST: values}
