"""The text of a first `himaya.toml`: what a log suggests, each guess with its reason beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from himaya.cli.discover_usage import Spread
from himaya.config import Config, loads
from himaya.config.canonical import toml_text, toml_value
from himaya.core.errors import ConfigError
from himaya.core.policy import Budget, Budgets
from himaya.core.surface import Surface
from himaya.watch.surfaces import SURE, GuessedSurface

_WIDTH = 110
_SAMPLES = 3


class LogFacts(msgspec.Struct, frozen=True):
    """What a log said beside its paths.

    `first` and `last` are epoch seconds. `address_share` is the share of lines that come from the
    three busiest of `addresses` addresses. `proxies` are peers whose forwarded addresses were believed.
    `form` is the format that was asked for, "" when it was found.
    """

    names: tuple[str, ...]
    lines: int
    parsed: int
    first: float | None = None
    last: float | None = None
    with_account: int = 0
    with_subjects: int = 0
    address_share: float = 0.0
    addresses: int = 0
    proxies: tuple[str, ...] = ()
    form: str = ""


def draft(log: LogFacts, guesses: list[GuessedSurface], spreads: list[Spread]) -> str:
    """Return a commented himaya.toml that loads; guesses that are not sure stand in comments."""
    parts = [_head(log), _actor(log), *_surfaces(guesses), _fields(), _budgets(spreads), _TAIL]
    if log.form:
        parts.append(f"[log]\nformat = {toml_text(log.form)}\n")
    return "\n".join(parts)


def chosen(guesses: list[GuessedSurface]) -> list[GuessedSurface]:
    """Return the guesses that the draft declares: sure enough, and fit to stand together."""
    kept: list[GuessedSurface] = []
    for guess in guesses:
        together = [*(each.surface for each in kept), guess.surface]
        if guess.confidence >= SURE and not _objection(together):
            kept.append(guess)
    return kept


def _head(log: LogFacts) -> str:
    names = ", ".join(_safe(name) for name in log.names)
    return f"""\
# himaya.toml: a first version, guessed by `himaya discover` from {names}
# ({log.parsed:,} lines read of {log.lines:,}{_period(log)}).
#
# Read it and correct it; `himaya config check` says whether it still holds, and docs/configuration.md
# explains every key. The samples in the comments name people: treat this file like the log.

mode = "shadow"  # decide and record, turn nobody away

[site]
name = ""
url = ""
population = 0  # how many people the site shows

[owner]  # both are needed before mode = "enforce"
name = ""
contact = ""
"""


def _period(log: LogFacts) -> str:
    if log.first is None or log.last is None:
        return ""
    first, last = (datetime.fromtimestamp(at, UTC) for at in (log.first, log.last))
    return f", {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"


def _actor(log: LogFacts) -> str:
    lines = ["[actor]"]
    if log.with_account:
        lines += [
            f"# {_share(log.with_account, log.parsed)} of the lines name an account.",
            'account_field = "remote_user"',
        ]
    else:
        lines += [
            "# No line names an account, so people are counted per address only. Let the log say it:",
            "# `himaya init nginx` and `himaya init django` print what to add.",
            'account_field = "remote_user"',
        ]
    if log.proxies:
        lines += [
            "# These private addresses hand on the address of the visitor; from elsewhere it is not believed.",
            f"trusted_proxies = {toml_value(log.proxies)}",
        ]
    elif log.addresses > 3 and log.address_share > 0.8:
        lines += [
            f"# Three addresses sent {log.address_share:.0%} of the lines: perhaps a proxy or CDN.",
            "# If so, log the visitor's address, and list the proxy here.",
            '#trusted_proxies = ["10.0.0.0/8"]',
        ]
    return "\n".join(lines) + "\n"


def _surfaces(guesses: list[GuessedSurface]) -> Iterator[str]:
    sure = chosen(guesses)
    if not sure:
        yield (
            "# No route of this log surely shows people. Declare the ones that do:\n"
            '#[[surface]]\n#id = "profile"\n#route = "/u/{subject}"\n#fields = ["name", "photo"]\n'
        )
    yield from (_block(guess) for guess in sure)
    kept = {id(guess) for guess in sure}
    doubtful = [guess for guess in guesses if id(guess) not in kept][:20]
    if doubtful:
        yield "# Routes that may show people. Take the `#` away where they do.\n"
    yield from (
        _commented(_block(guess, objection=_objection([guess.surface]))) for guess in doubtful
    )


def _block(guess: GuessedSurface, objection: str = "") -> str:
    surface = guess.surface
    lines = ["[[surface]]", f"# confidence {guess.confidence:.2f}: {_safe(guess.why)}"]
    lines.append(f"# {guess.requests:,} answers; for example {_samples(guess)}")
    if objection:
        lines.append(f"# {_safe(objection)}")
    lines += [f"id = {toml_text(surface.id)}", f"route = {toml_text(surface.route)}"]
    lines += [f"kind = {toml_text(surface.kind)}", _field_line(surface)]
    if surface.query:
        lines.append(f"query = {toml_text(surface.query)}")
    lines += _people_lines(surface)
    return "\n".join(lines) + "\n"


def _field_line(surface: Surface) -> str:
    return f"fields = {toml_value(surface.fields)}  # what is shown of a person: correct this"


def _people_lines(surface: Surface) -> list[str]:
    if surface.kind == "listing":
        return [
            f"max_people = {surface.max_people}  # a guess: the most people one answer shows",
            '#people = ["header"]  # once the application sends Himaya-Subjects; until then its people are not seen',
        ]
    if surface.kind == "lookup" and "{subject}" not in surface.route:
        return ['#people = ["header"]  # whom a look-up finds stands in the answer only']
    return []


def _samples(guess: GuessedSurface) -> str:
    return ", ".join(_safe(sample) for sample in guess.samples[:_SAMPLES]) or "none kept"


def _commented(block: str) -> str:
    lines = block.splitlines()
    return "".join(f"{line}\n" if line.startswith("#") else f"#{line}\n" for line in lines)


def _objection(surfaces: list[Surface]) -> str:
    """Return what a configuration with these surfaces would be refused for, "" for nothing."""
    blocks = "\n".join(
        f"[[surface]]\nid = {toml_text(s.id)}\nroute = {toml_text(s.route)}\nkind = {toml_text(s.kind)}\n"
        f"max_people = {s.max_people}"
        for s in surfaces
    )
    try:
        loads(blocks)
    except ConfigError as problem:
        return str(problem).partition(": ")[2]
    return ""


def _fields() -> str:
    return """\
[fields]  # how much a person counts when this field is shown; a field that is not listed counts 1
#email = 3
#phone = 5
"""


def _budgets(spreads: list[Spread]) -> str:
    lines = [
        "[budgets]  # distinct people per principal; see the figures of this log beside each limit"
    ]
    for kind in Budgets.__struct_fields__:
        budget = getattr(Config().budgets, kind)
        found = [spread for spread in spreads if spread.kind == kind]
        lines += [_figure(spread, budget) for spread in found]
        if budget is not None:
            lines.append(f"{kind} = {toml_value(budget)}")
    if not spreads:
        lines.insert(
            1, "# No path of this log names people, so it gives no figures. These are the defaults."
        )
    return "\n".join(lines) + "\n"


def _figure(spread: Spread, budget: Budget | None) -> str:
    limit = getattr(budget, spread.span) if budget else None
    above = f"; {spread.over(limit):,} were above {limit:g}" if limit is not None else ""
    return (
        f"# people per {spread.kind} and {spread.span}: half of them {spread.median} or fewer, 99 % {spread.p99},"
        f" 99.9 % {spread.p999}, most {spread.most} ({spread.n:,} {spread.kind}-{spread.span}s{above})"
    )


_TAIL = """\
# What the figures cannot say: people shown by listings are not in the paths, so real readers reach more than
# the figures show. Watch the shadow decisions for some days before you enforce.

[retention]
identified_days = 31  # then rows are deleted
then = "delete"

[gate]
listen = "unix:/run/himaya/auth.sock"  # where front doors ask; as a reverse proxy (--mode proxy): "127.0.0.1:8080"
socket = "/run/himaya/himaya.sock"  # where middleware and commands ask; choose directories that you may write
upstream = "http://127.0.0.1:8000"  # the application behind the reverse proxy

[ledger]
directory = "ledger"
"""


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "0%"


def _safe(text: str) -> str:
    """Return text that may stand in a TOML comment: one line, nothing a terminal obeys, not too long."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 3] + "..."
