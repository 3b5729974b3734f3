"""The gate as it runs: whether it answers, decides, and reaches what it stands before."""

from __future__ import annotations

import os
import pwd
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene

_WAIT_S = 3.0

#: Accounts that front servers usually run under, by `gate.front`; who asks over SPOE is HAProxy.
_FRONT_USERS = {
    "nginx": ("www-data", "nginx"),
    "caddy": ("caddy",),
    "traefik": ("traefik",),
    "envoy": ("envoy",),
}


def gate(scene: Scene) -> Iterator[Check]:
    """The gate answers, decides, and has the file's configuration in force."""
    told = scene.status
    if told is None:
        do = "Start it: himaya gate --config himaya.toml --mode authority, or --mode proxy."
        yield problem("gate", f"{scene.status_problem.rstrip('.')}.", do)
        return
    if told.off:
        yield problem("gate", "it is switched off: everything passes unseen.", "Run: himaya on")
    elif told.config_problem:
        yield problem(
            "gate",
            f"the changed configuration was not taken over: {told.config_problem}",
            "Correct the file, then: himaya config reload",
        )
    elif told.config != scene.config.hash:
        said = f"it has configuration {told.config} in force, the file is {scene.config.hash}."
        yield warning("gate", said, "Run: himaya config reload, or restart the gate.")
    else:
        yield ok("gate", f"it runs as {told.door}, mode {told.mode}.")


def listener(scene: Scene) -> Iterator[Check]:
    """Connections are taken where the configuration says."""
    if scene.status is None:
        return
    listen = scene.config.gate.listen
    why = unreachable(listen)
    if why:
        yield problem(
            "listener", f"{listen}: {why}.", "Look at the gate's log; was --listen given?"
        )
    else:
        yield ok("listener", f"{listen} takes connections.")


def upstream(scene: Scene) -> Iterator[Check]:
    """The application behind a proxy is there."""
    if scene.door != "proxy":
        return
    place = scene.config.gate.upstream
    why = unreachable(place)
    if why:
        yield problem(
            "upstream", f"{place}: {why}.", "Start the application, or correct gate.upstream."
        )
    else:
        yield ok("upstream", f"{place} takes connections.")


def unreachable(place: str) -> str:
    """Return why `host:port`, `http://host:port` or `unix:/path` takes no connection, "" when it does."""
    try:
        if place.startswith("unix:"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(_WAIT_S)
                probe.connect(place.removeprefix("unix:"))
            return ""
        parts = urlsplit(place if "://" in place else f"//{place}")
        host = parts.hostname or "127.0.0.1"
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        with socket.create_connection((host, parts.port or 80), _WAIT_S):
            return ""
    except (OSError, ValueError) as why:
        return str(getattr(why, "strerror", None) or why)


def front(scene: Scene) -> Iterator[Check]:
    """The front server can open the authority's socket."""
    listen = scene.config.gate.listen
    path = Path(listen.removeprefix("unix:"))
    if not listen.startswith("unix:") or not path.exists():
        return
    user = scene.asked.front_user or next(filter(_exists, _front_users(scene)), "")
    if not user:
        yield ok(
            "front", "no account of a front server is on this machine; name one: --front-user."
        )
        return
    if not _exists(user):
        yield warning("front", f"there is no account {user}.", "Name another: --front-user")
        return
    barred = barred_at(path, user)
    if barred:
        said = f"{user} may not pass {barred}: every page would be served unasked."
        do = f"Give the gate's service the group of {user} (Group= in systemd), and its directory mode 0750."
        yield problem("front", said, do)
    else:
        yield ok("front", f"{user} can open the authority's socket.")


def _front_users(scene: Scene) -> tuple[str, ...]:
    """Return the accounts that the front server of this configuration may run under, likeliest first."""
    gate = scene.config.gate
    return ("haproxy",) if gate.spoe_listen else _FRONT_USERS[gate.front]


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def barred_at(path: Path, user: str) -> str:
    """Return the first directory that an account may not pass on the way to a socket, or the socket; "" if none."""
    account = pwd.getpwnam(user)
    groups = set(os.getgrouplist(user, account.pw_gid))
    if account.pw_uid == 0:
        return ""
    absolute = path.absolute()
    for place in reversed(absolute.parents):
        if not _may(place.stat(), account.pw_uid, groups, stat.S_IXUSR):
            return str(place)
    # connect(2): writing is what a socket asks for.
    return "" if _may(absolute.stat(), account.pw_uid, groups, stat.S_IWUSR) else str(absolute)


def _may(found: os.stat_result, uid: int, groups: set[int], bit: int) -> bool:
    """Tell whether an account has a permission, given as the owner's bit."""
    if found.st_uid == uid:
        return bool(found.st_mode & bit)
    return bool(found.st_mode & (bit >> 3 if found.st_gid in groups else bit >> 6))
