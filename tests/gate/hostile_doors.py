"""The doors that hostile requests are driven through, each with the same site behind it.

What passes while the authority does not answer in time is a gap and no row, by design, and a machine with much to do
must not make it look like a hole. So the middleware fails closed here, and front servers wait long.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.cli.nginx_rig import write_conf
from tests.gate.embedded_support import ThreadAuthority, free_port
from tests.gate.gate_support import Rig, Upstream, wait_for
from tests.gate.hostile import BUDGET, HOST, talk
from tests.gate.hostile_site import Record, upstream_answer

from himaya.cli.init import nginx_snippet
from himaya.cli.init_caddy import caddy_snippet
from himaya.core.effect import RecordDisclosures
from himaya.gate.auth_request import AuthRequest
from himaya.gate.forward_auth import ForwardAuth
from himaya.gate.fronts import refuse_unread
from himaya.gate.limits import Limits
from himaya.gate.verdicts import Verdicts

SITE = Path(__file__).with_name("hostile_site.py")
SECRET = "a secret between a front door and himaya"
ACTOR = 'account_header = "X-Account"'


def actors_of(effects):
    """Return person -> names of the actors, of everything recorded."""
    found = {}
    for effect in effects:
        if isinstance(effect, RecordDisclosures):
            for one in effect.disclosures.shown:
                found.setdefault(one.subject, set()).add(effect.disclosures.actor.name)
    return found


class Behind:
    """The site as an application behind a front server."""

    def __init__(self, folder):
        self.record = Record(folder / "record")
        self.upstream = Upstream(upstream_answer(self.record))

    def __enter__(self):
        self.upstream.__enter__()
        return self

    def __exit__(self, *_):
        self.upstream.__exit__()

    @property
    def address(self):
        """Return where the site itself listens: no door at all."""
        return ("127.0.0.1", self.upstream.port)

    def recorded(self):
        return {}


class ProxyDoor(Behind):
    """`--mode proxy`."""

    def __enter__(self):
        super().__enter__()
        self.rig = Rig(self.upstream.port, budget=BUDGET, actor=ACTOR)
        self.rig.__enter__()
        return self

    def __exit__(self, *_):
        self.rig.__exit__()
        super().__exit__()

    @property
    def address(self):
        return ("127.0.0.1", self.rig.port)

    def recorded(self):
        return actors_of(self.rig.notes.effects)


class AuthorityRig(Rig):
    """An authority in a thread. `settle` lets its clock run on until nothing is open."""

    refusal = staticmethod(refuse_unread)

    def __init__(self, front="nginx", **config):
        self.later, self.front = 0.0, front
        super().__init__(
            1,
            limits=Limits(stop_s=1),
            clock=lambda: time.time() + self.later,
            actor=ACTOR,
            **config,
        )
        self.door.source, self.door.sees_body = "authority", False

    def handler(self):
        if self.front == "nginx":
            return AuthRequest(Verdicts(self.door, self.limits), SECRET.encode()).handle
        return ForwardAuth(self.front, Verdicts(self.door, self.limits), SECRET.encode()).handle

    def settle(self):
        """Settle what nobody settles: a person who was let pass is a row after `settle_s`."""
        done = threading.Event()

        def tick():
            self.later += 301
            self.authority.tick()
            done.set()

        self._loop.call_soon_threadsafe(tick)
        assert done.wait(10)


class AuthorityDoor(Behind):
    """A front server that asks the authority; `start_front` begins it on `self.port`, and returns its process.

    It fails open, as it is printed, but waits long for an answer: whoever passes unasked was not asked for.
    """

    kind = "nginx"

    def __init__(self, folder):
        super().__init__(folder)
        self.folder = folder
        self.port = free_port()

    def __enter__(self):
        super().__enter__()
        self.rig = AuthorityRig(self.kind, budget=BUDGET)
        self.rig.__enter__()
        self.front = self.start_front()
        wait_for(self._answers, timeout=30)
        return self

    def __exit__(self, *_):
        self.front.terminate()
        self.front.wait(20)
        self.rig.__exit__()
        super().__exit__()

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def recorded(self):
        self.rig.settle()
        return actors_of(self.rig.notes.effects)

    def _answers(self):
        assert self.front.poll() is None, "the front server has ended"
        with contextlib.suppress(OSError):
            return talk(
                self.address, b"GET /about HTTP/1.0\r\nHost: " + HOST + b"\r\n\r\n", quiet_s=5
            )
        return b""


class NginxDoor(AuthorityDoor):
    """nginx with the printed configuration."""

    def start_front(self):
        text = nginx_snippet(
            site=HOST.decode(), upstream=f"127.0.0.1:{self.upstream.port}", port=f"127.0.0.1:{self.port}",
            log=str(self.folder / "access.log"), gate=f"127.0.0.1:{self.rig.port}",
        )  # fmt: skip
        # As the file says: whatever [actor] names is set or cleared.
        text = text.replace("timeout 500ms", "timeout 60s").replace("timeout 3s", "timeout 60s")
        text = text.replace("PUT-THE-SECRET-HERE", SECRET).replace(
            'proxy_set_header Himaya-Account "";',
            'proxy_set_header Himaya-Account ""; proxy_set_header X-Account "";',
        )
        write_conf(self.folder, text)
        conf = self.folder / "nginx.conf"
        conf.write_text(
            conf.read_text().replace("worker_connections 128", "worker_connections 1024")
        )
        return subprocess.Popen(["nginx", "-p", self.folder, "-c", conf])


class CaddyDoor(AuthorityDoor):
    """Caddy with the printed configuration."""

    kind = "caddy"

    def start_front(self):
        text = caddy_snippet(
            address=f"http://127.0.0.1:{self.port}, http://{HOST.decode()}:{self.port}, http://:{self.port}",
            upstream=f"127.0.0.1:{self.upstream.port}", log=str(self.folder / "access.log"),
            gate=f"127.0.0.1:{self.rig.port}",
        )  # fmt: skip
        text = text.replace("PUT-THE-SECRET-HERE", f'"{SECRET}"').replace(
            "#request_header -X-Account", "request_header -X-Account\n\t\trequest_header -X_Account"
        )
        text = text.replace("timeout 500ms", "timeout 60s").replace("timeout 3s", "timeout 60s")
        return start_caddy(self.folder, text)


def start_caddy(folder, text):
    """Start Caddy below a directory, without its administration port."""
    file = folder / "Caddyfile"
    file.write_text(text.replace("\tservers {", "\tadmin off\n\tservers {"))
    home = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    words = ["caddy", "run", "--config", file, "--adapter", "caddyfile"]
    with (folder / "caddy.log").open("ab") as out:
        return subprocess.Popen(words, stdout=out, stderr=out, env=home)


class EmbeddedDoor:
    """A middleware in a process of its own; `kind` is asgi, wsgi or django."""

    def __init__(self, folder, kind):
        self.authority = ThreadAuthority(folder, budget=BUDGET).start()
        text = self.authority.file.read_text()
        profile = 'id = "profile"\n'
        self.authority.file.write_text(text.replace(profile, profile + 'fail = "closed"\n'))
        self.record = Record(folder / "record")
        self.address = ("127.0.0.1", free_port())
        words = [
            sys.executable,
            SITE,
            kind,
            str(self.address[1]),
            self.authority.file,
            self.record.file,
        ]
        self.process = subprocess.Popen(words)

    def __enter__(self):
        wait_for(self._answers, timeout=30)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.authority.stop()

    def recorded(self):
        return actors_of(self.authority.notes.effects)

    def _answers(self):
        assert self.process.poll() is None, "the site has ended"
        with contextlib.suppress(OSError):
            return talk(
                self.address, b"GET /about HTTP/1.0\r\nHost: " + HOST + b"\r\n\r\n", quiet_s=5
            )
        return b""
