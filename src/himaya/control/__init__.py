"""The control socket: how workers, front doors and commands ask the one authority process of a site.

A Unix socket (mode 0600) carries JSON lines: one question per line, one reply per line, in order.
`messages` holds the questions and the reply, `server` answers them, `client` asks and waits,
`aio` asks from an event loop, `switch` is the small state file that turns the gate off and on.
"""

from __future__ import annotations

from himaya.control.aio import AsyncControl
from himaya.control.client import Control
from himaya.control.messages import Reply, Status
from himaya.control.switch import Switch, SwitchState

__all__ = ["AsyncControl", "Control", "Reply", "Status", "Switch", "SwitchState"]
