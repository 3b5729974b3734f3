"""The options of `himaya bench`, and their types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import click

from himaya.cli.ledger_path import LedgerPath

_FILE = click.Path(path_type=Path, dir_okay=False)


def _words(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...]:
    """Return the words of `A1,A9`."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _factors(ctx: click.Context, option: click.Parameter, text: str | None) -> tuple[float, ...]:
    try:
        found = tuple(float(word) for word in _words(ctx, option, text))
    except ValueError:
        raise click.BadParameter(f"{text!r} are no numbers; write 0.5,1,2", ctx, option) from None
    if any(not 0.01 <= factor <= 100 for factor in found):
        raise click.BadParameter("factors are between 0.01 and 100", ctx, option)
    return found


def _headers(
    ctx: click.Context, option: click.Parameter, lines: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the header fields of `Name: value` lines."""
    pairs = [tuple(part.strip() for part in line.partition(":")[::2]) for line in lines]
    for name, value in pairs:
        if not name or not value or not name.isascii() or not (name + value).isprintable():
            raise click.BadParameter("write NAME:VALUE", ctx, option)
    return tuple((name, value) for name, value in pairs)


class BenchOptions(TypedDict):
    """What the command line says; None and () where it says nothing."""

    quick: bool
    people: int | None
    days: float | None
    seed: int
    seeds: int | None
    extra_seeds: int | None
    only: tuple[str, ...]
    defences: tuple[str, ...]
    variants: tuple[str, ...]
    intensity: tuple[float, ...]
    members: int | None
    attackers: Path | None
    crowd: Path | None
    world: Path | None
    policy: Path | None
    ablate: bool
    vary: bool
    processes: int
    logs: Path | None
    log_format: str
    live: bool
    seconds: float
    keep: Path | None
    python: str
    inject: tuple[str, ...]
    target: str | None
    test_people: Path | None
    token_file: Path | None
    token_wait: float
    probe: bool
    ledger: Path | None
    key_file: Path | None
    forwarded: bool
    listings: bool
    header: tuple[tuple[str, str], ...]
    actor: str
    report: Path | None
    markdown: bool
    as_json: bool


_OPTIONS: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    click.option(
        "--quick", is_flag=True, help="2,000 people, 1 day, 1 seed, himaya and no defence."
    ),
    click.option("--people", type=click.IntRange(100, 10_000_000), help="People on the site."),
    click.option("--days", type=click.FloatRange(0.05, 90), help="Days on the virtual clock."),
    click.option(
        "--seed", type=click.IntRange(0), default=1, show_default=True, help="First seed."
    ),
    click.option("--seeds", type=click.IntRange(1, 50), help="How many seeds."),
    click.option(
        "--extra-seeds",
        type=click.IntRange(0, 50),
        help="Seeds for which variants and intensities are played too: 1 with --quick or when asked for.",
    ),
    click.option(
        "--only", callback=_words, help="Attackers by id: A1,A9,H3,all; with --live tools by name."
    ),
    click.option("--defences", callback=_words, help="Beside none and himaya: names or families."),
    click.option("--variants", callback=_words, help="plain,informed,unlinked."),
    click.option("--intensity", callback=_factors, help="How busy the crowd is: 0.5,1,2,4."),
    click.option("--members", type=click.IntRange(80, 1_000_000), help="Honest visitors in a run."),
    click.option("--attackers", type=_FILE, help="Attackers of your own (docs/bench.md)."),
    click.option("--crowd", type=_FILE, help="Honest groups of your own, instead of ours."),
    click.option("--world", type=_FILE, help="The knobs of the world, a TOML file."),
    click.option("--policy", type=_FILE, help="A himaya.toml whose budgets are measured."),
    click.option(
        "--ablate", is_flag=True, help="Play himaya with each of its controls off in turn."
    ),
    click.option(
        "--vary",
        is_flag=True,
        help="Play other crowds, other sites, and attackers with half as much and half as much again.",
    ),
    click.option("--processes", type=click.IntRange(0, 256), default=0, help="0: one per core."),
    click.option(
        "--logs",
        type=click.Path(path_type=Path, file_okay=False),
        help="Write the traffic as logs into DIR and end.",
    ),
    click.option(
        "--log-format",
        default="combined",
        show_default=True,
        help="With --logs: a name, json, or a log_format or LogFormat string.",
    ),
    click.option("--live", is_flag=True, help="Real HTTP on loopback, real tools, real defences."),
    click.option(
        "--seconds",
        type=click.FloatRange(1, 600),
        default=20.0,
        show_default=True,
        help="With --live: how long each tool works.",
    ),
    click.option(
        "--keep",
        type=click.Path(path_type=Path, file_okay=False),
        help="With --live: a new folder in which everything that was written stays.",
    ),
    click.option(
        "--python",
        default="",
        metavar="PROGRAM",
        help="With --live: the Python whose packages are used as tools; else the one that runs himaya.",
    ),
    click.option(
        "--inject",
        multiple=True,
        metavar="LOG",
        help="Mix attackers into your own log; needs --policy.",
    ),
    click.option("--target", help="Your staging site; needs --policy and --test-people."),
    click.option(
        "--test-people", type=_FILE, help="With --target: the people it may touch, one per line."
    ),
    click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the token here.",
    ),
    click.option(
        "--token-wait",
        type=click.FloatRange(0, 86400),
        default=300.0,
        show_default=True,
        help="Seconds to wait for the token.",
    ),
    click.option(
        "--probe", is_flag=True, help="With --target: compare `who` with what was collected."
    ),
    click.option(
        "--ledger",
        type=LedgerPath(file_okay=False),
        help="With --probe: the ledger.",
    ),
    click.option("--key-file", type=_FILE, help="With --probe: the key of the ledger."),
    click.option(
        "--forwarded",
        is_flag=True,
        help="With --target: other addresses may be claimed in the policy's address header.",
    ),
    click.option(
        "--listings",
        is_flag=True,
        help="With --target: ask for listings too, whose pages show others than the test people.",
    ),
    click.option(
        "--header",
        callback=_headers,
        multiple=True,
        metavar="NAME:VALUE",
        help="With --target: sent with every request, for a site that must be signed in to.",
    ),
    click.option("--actor", default="", help="With --probe: the name the ledger has for --header."),
    click.option(
        "--report",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the HTML report here.",
    ),
    click.option("--markdown", is_flag=True, help="Print the whole matrix as Markdown."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


def bench_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of the bench, in the order of its help page."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
