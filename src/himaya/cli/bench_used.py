"""Which options each door of `himaya bench` uses; one that would be dropped silently is refused."""

from __future__ import annotations

import click
from click.core import ParameterSource

from himaya.cli.bench_options import BenchOptions
from himaya.core.errors import InputError

_SHOWN = frozenset({"report", "markdown", "as_json"})
_WORLD = frozenset({"quick", "people", "days", "seed", "only", "members"})
_FILES = frozenset({"attackers", "crowd", "world"})
_CONSENT = frozenset({"test_people", "token_file", "token_wait", "forwarded", "header"})

#: The doors, in the order in which they are looked for, with the options that each uses; "" is the virtual clock.
USED: dict[str, frozenset[str]] = {
    "target": _CONSENT
    | {"target", "policy", "listings", "probe", "ledger", "key_file", "actor", "as_json"},
    "inject": frozenset({"inject", "policy", "seed", "only", "as_json"}),
    "live": _SHOWN
    | {"live", "people", "seed", "only", "members", "seconds", "defences", "policy"}
    | {"keep", "python"},
    "logs": _WORLD | _FILES | {"logs", "log_format"},
    "": _WORLD
    | _FILES
    | _SHOWN
    | {"seeds", "extra_seeds", "defences", "variants", "intensity", "policy", "processes"}
    | {"ablate", "vary"},
}
#: What `--target` uses with `--probe` only, and without it only.
_PROBE, _NO_PROBE = frozenset({"ledger", "key_file", "actor"}), frozenset({"listings"})


def door_of(options: BenchOptions) -> str:
    """Return the door that options name, "" for the virtual clock."""
    told = {
        "target": options["target"],
        "inject": options["inject"],
        "live": options["live"],
        "logs": options["logs"],
    }
    return next((door for door, value in told.items() if value), "")


def refuse_unused(door: str) -> None:
    """Raise InputError for an option on the command line that a door has no use for."""
    context = click.get_current_context()
    flags = {each.name or "": each.opts[0] for each in context.command.params}
    given = [
        name for name in flags if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    for name in given:
        if name not in USED[door]:
            raise InputError(
                f"{flags[name]} is not used {_words(door)}: it can belong to {_users(name)}"
            )
    probing = "probe" in given
    for name in given:
        if name in _PROBE and not probing:
            raise InputError(f"{flags[name]} is not used by --target without --probe")
        if name in _NO_PROBE and probing:
            raise InputError(f"{flags[name]} is not used by --target with --probe")


def _words(door: str) -> str:
    return f"by --{door}" if door else "on the virtual clock"


def _users(name: str) -> str:
    doors = [f"--{door}" if door else "the virtual clock" for door in USED if name in USED[door]]
    return " or ".join(doors)
