"""What the configuration says, and what is on record about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_network

from himaya.core.policy import Budget
from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene
from himaya.ledger import forecasts
from himaya.ledger.state import State

#: After so many days shadow has shown what it can show.
_LONG_SHADOW_DAYS = 30

#: Networks wider than these hold strangers: /8 is the widest private one of IPv4 (RFC 1918), /7 of IPv6 (RFC 4193).
_WIDEST = {4: 8, 6: 7}


def owner(scene: Scene) -> Iterator[Check]:
    """Somebody answers for the policy."""
    lacking = [key for key in ("name", "contact") if not getattr(scene.config.owner, key).strip()]
    if lacking:
        keys = ", ".join(f"owner.{key}" for key in lacking)
        yield warning("owner", f"not set: {keys}.", "Write [owner] name and contact.")
    else:
        yield ok("owner", "an owner and a contact are named.")


def mode(scene: Scene) -> Iterator[Check]:
    """Shadow is a beginning, not a state to stay in."""
    if scene.config.mode == "enforce":
        yield ok("mode", "decisions are carried out.")
        return
    since = shadow_since(scene.state) if scene.state else ""
    said = f"shadow since {since}: everybody passes." if since else "shadow: everybody passes."
    days = (scene.asked.now - datetime.fromisoformat(since).timestamp()) / 86400 if since else 0.0
    if days > _LONG_SHADOW_DAYS:
        do = 'Make a forecast (himaya forecast --record), then set mode = "enforce".'
        yield warning("mode", said, do)
    else:
        yield ok("mode", said)


def shadow_since(state: State) -> str:
    """Return when the gate began to run in shadow without a break (ISO 8601 UTC), "" when it does not."""
    since = ""
    for entry in reversed([each for each in state.configs if each.mode]):
        if entry.mode != "shadow":
            break
        since = entry.at
    return since


def forecast(scene: Scene) -> Iterator[Check]:
    """No limit goes live without a forecast."""
    if scene.config.mode != "enforce":
        yield ok("forecast", "nothing is enforced yet.")
        return
    policy = scene.config.policy().hash()
    if scene.state is None:
        yield warning("forecast", "the ledger cannot say whether there is one.", "See `ledger`.")
    elif forecasts.basis(scene.state, policy) == "forecast":
        yield ok("forecast", f"a forecast of policy {policy} is on record.")
    else:
        do = "Run: himaya forecast --config himaya.toml --record --ledger LEDGER LOG"
        yield warning("forecast", f"no forecast of policy {policy} is on record.", do)


def budgets(scene: Scene) -> Iterator[Check]:
    """Whoever has no account, and whoever has one, meets a limit, and a restart gives nobody a fresh one."""
    table = scene.config.budgets
    kinds = ("account", "session", "key", "address", "prefix")
    lacking = [kind for kind in kinds if getattr(table, kind) in {None, Budget()}]
    if lacking:
        said = f"no budget for {', '.join(lacking)}."
        do = "Set a limit per hour, day or month in [budgets], or know why there is none."
        level = problem if set(lacking) >= {"account", "address", "prefix"} else warning
        yield level("budgets", said, do)
    if scene.config.short_memory:
        do = "Make it as long as the longest window, or leave that limit out."
        yield warning("budgets", f"{scene.config.short_memory}.", do)
    elif not lacking:
        yield ok("budgets", "accounts, sessions, keys, addresses and networks have budgets.")


def proxies(scene: Scene) -> Iterator[Check]:
    """Only front doors are believed."""
    found = False
    for text in scene.config.actor.trusted_proxies:
        network = ip_network(text, strict=False)
        if network.prefixlen < _WIDEST[network.version]:
            found = True
            said = f"trusted_proxies has {text}: strangers in it may say who they are."
            yield problem("proxies", said, "Name the addresses of your own front doors only.")
    if not found:
        yield ok("proxies", "no network of strangers is trusted.")


def secret(scene: Scene) -> Iterator[Check]:
    """A port that answers as the authority asks for a secret."""
    gate = scene.config.gate
    if gate.listen.startswith("unix:") or scene.door == "proxy" or gate.secret_file:
        yield ok("secret", "only the front door can speak for visitors.")
        return
    said = f"gate.listen is the port {gate.listen}, and gate.secret_file is not set."
    do = "As an authority: name a file with a secret, or listen on unix:/path."
    yield warning("secret", said, do)


def surfaces(scene: Scene) -> Iterator[Check]:
    """The routes that show people are declared, and their people can be seen."""
    config = scene.config
    if not config.surfaces:
        do = "Run: himaya discover LOG --output himaya.toml"
        yield problem("surfaces", "no [[surface]] is declared: nobody is counted.", do)
        return
    unseen = config.unseen_surfaces(sees_body=scene.door != "authority")
    if unseen:
        said = f"the people of {', '.join(unseen)} cannot be seen; no exact claim covers them."
        yield warning("surfaces", said, "Set people to header or app, or json or links at a proxy.")
    else:
        yield ok("surfaces", f"{len(config.surfaces)} are declared; their people can be seen.")
