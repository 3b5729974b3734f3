"""Hostile requests through HAProxy: nobody is shown without a row for exactly whoever saw them."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.gate.gate_support import wait_for
from tests.gate.hostile import BUDGET, CASES, HOST, SLOW, answers_in_time, check, run, serves_plain
from tests.gate.hostile_doors import SECRET, AuthorityDoor, AuthorityRig

from himaya.cli.init_haproxy import Places, haproxy_snippet
from himaya.gate.auth_request import AuthRequest
from himaya.gate.listener import Listener
from himaya.gate.spoe.listener import SpoeListener
from himaya.gate.verdicts import Verdicts

pytestmark = [pytest.mark.slow, pytest.mark.system]


class Both(Listener):
    """The pages of the authority, and the agent beside them."""

    async def start(self, listen):
        await super().start(listen)
        self.spoe = SpoeListener(self.verdicts, self.limits)
        await self.spoe.start("127.0.0.1:0")

    def sweep(self, now):
        super().sweep(now)
        self.spoe.sweep(now)

    async def stop(self):
        await self.spoe.stop()
        await super().stop()


class SpoeAuthorityRig(AuthorityRig):
    """An authority in a thread that HAProxy can ask."""

    def listening(self):
        verdicts = Verdicts(self.door, self.limits)
        pages = AuthRequest(verdicts, SECRET.encode())
        both = Both(pages.handle, self.limits, self.refusal)
        both.verdicts = verdicts
        return both


class HaproxyDoor(AuthorityDoor):
    """HAProxy with the printed files, closed everywhere while himaya does not answer."""

    def __enter__(self):
        super(AuthorityDoor, self).__enter__()
        self.rig = SpoeAuthorityRig(budget=BUDGET)
        self.rig.__enter__()
        self.front = self.start_front()
        wait_for(lambda: b" 404 " in self._answers()[:15], timeout=30)
        return self

    def start_front(self):
        places = Places(
            site=HOST.decode(), upstream=f"127.0.0.1:{self.upstream.port}", port=f"127.0.0.1:{self.port}",
            listen=f"127.0.0.1:{self.rig.port}", spoe_listen=self.rig.listener.spoe.address,
            conf=str(self.folder / "spoe.conf"), directory=str(self.folder), chroot="", closed=("/",),
        )  # fmt: skip
        # As the file says: the secret is written in, and whatever [actor] names is deleted.
        text = haproxy_snippet(places).replace("PUT-THE-SECRET-HERE", f'"{SECRET}"')
        request_id = "    http-request set-header X-Request-ID"
        text = text.replace(request_id, f"    http-request del-header X-Account\n{request_id}", 1)
        if os.geteuid() == 0:
            text = text.replace("global\n", "global\n    user root\n    group root\n", 1)
        (self.folder / "haproxy.cfg").write_text(text)
        (self.folder / "spoe.conf").write_text(haproxy_snippet(places, "spoe"))
        with (self.folder / "haproxy.err").open("wb") as told:
            command = ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"]
            return subprocess.Popen(command, stderr=told)


@pytest.fixture(name="door", scope="module")
def _door(tmp_path_factory):
    with HaproxyDoor(tmp_path_factory.mktemp("haproxy")) as door:
        yield door


def test_whoever_is_shown_is_recorded(door):
    """However a request is spelt, framed or forged: no person leaves without a row, none beyond the budget."""
    run(door)
    assert serves_plain(door) == []
    assert len(check(door)) > 2 * len(CASES)
    assert not door.rig.listener.spoe.counts["broken"]


def test_slow_visitors_hold_up_nobody_else(door):
    """While 120 connections hang in the middle of a head or body, another visitor is answered."""
    assert answers_in_time(door, SLOW).startswith(b"HTTP/1.")
