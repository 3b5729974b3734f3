"""The gate as a reverse proxy: decide, ask the application, see who is shown, admit, send, settle.

Only responses of declared surfaces whose people stand in the body are held back, up to a bound; everything else
streams through in constant memory.
"""

from __future__ import annotations

import asyncio

import msgspec

from himaya.core.decision import Decision
from himaya.core.surface import Surface
from himaya.gate.door import Asker, Door, send_plain
from himaya.gate.flow import BrokenBodyError
from himaya.gate.inbound import Inbound
from himaya.gate.limits import Limits
from himaya.gate.operations.passage import BundlePassage, open_request, refuse, run
from himaya.gate.passage import GONE, Passage
from himaya.gate.request_reader import Incoming
from himaya.gate.sleepers import Sleepers
from himaya.gate.upstream import UpstreamPool


class Proxy:
    """Handles the requests of one listening side; `door` says who asks and what is decided."""

    def __init__(self, door: Door, pool: UpstreamPool, limits: Limits) -> None:
        self.door = door
        self.pool = pool
        self._sleepers = Sleepers(limits.sleepers)

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        door, head = self.door, incoming.head
        if head.target == b"*":
            send_plain(200, "himaya stands here", head, out)
            return
        asker = door.identify(head, out.peer, vouched=out.on_unix)
        if door.is_own(head):
            await door.answer_own(incoming, asker, out)
            return
        if door.authority.engine.surfaces.opens and await self._open(incoming, out, asker):
            return
        decision = door.authority.decide(asker.request)
        try:
            passes = decision.passes and await self._sleepers.slow_down(decision)
        except asyncio.CancelledError:
            door.settle_refused(asker.request, GONE)
            raise
        if not passes:
            door.refuse(asker, decision, head, out)
            return
        await self._pass(incoming, out, asker, decision)

    async def _open(self, incoming: Incoming, out: Inbound, asker: Asker) -> bool:
        """Answer a request whose body says what it asks for; False for every other one."""
        door, head, request = self.door, incoming.head, asker.request
        surfaces = door.authority.engine.surfaces
        endpoint = door.opener.endpoint(surfaces, request.method, request.target)
        if endpoint is None or door.authority.off:
            return False
        try:
            bundle = await open_request(door, endpoint, incoming, out, asker)
        except BrokenBodyError as problem:
            out.keep_alive = False
            send_plain(400, problem.why, head, out)
            return True
        if bundle is None:
            await self._pass(incoming, out, asker, Decision())
            return True
        decision = run(door.authority, bundle.decide())
        try:
            passes = decision.passes and await self._sleepers.slow_down(decision)
        except asyncio.CancelledError:
            run(door.authority, bundle.settle(asker.actor, GONE, refused=True))
            raise
        if not passes:
            refuse(door, bundle, asker, decision, head, out)
            return True
        decision = msgspec.structs.replace(decision, redact=bundle.redact)
        rest = (asker, decision, endpoint, bundle)
        await BundlePassage(door, self.pool, incoming, out, *rest).run()
        return True

    async def _pass(
        self, incoming: Incoming, out: Inbound, asker: Asker, decision: Decision
    ) -> None:
        surface = self._surface(decision)
        passage = Passage(self.door, self.pool, incoming, out, asker, decision, surface)
        await passage.run()

    def _surface(self, decision: Decision) -> Surface | None:
        surfaces = self.door.authority.engine.surfaces
        return surfaces.by_id.get(decision.surface) if decision.surface else None
