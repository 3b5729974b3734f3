"""`himaya audit ids`: how easily a site's people can be walked through by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.bench.walking import IdsAudit, SiteAudit, SitePlan

_FILE = click.Path(path_type=Path, dir_okay=False)

Headers = tuple[tuple[str, str], ...]


class _Options(TypedDict):
    logs: tuple[str, ...]
    config: Path | None
    form: str
    ids_file: Path | None
    per_viewer: bool
    url: str | None
    path: str
    lists: tuple[str, ...]
    as_a: tuple[str, ...]
    as_b: tuple[str, ...]
    guesses: int
    seed: int
    most_requests: int
    per_second: float
    token_file: Path | None
    token_wait: float
    as_json: bool


@click.command()
@click.argument("logs", metavar="[LOG]...", nargs=-1)
@click.option("--config", type=_FILE, help="The himaya.toml that declares the routes.")
@click.option("--format", "form", default="", help="How lines are written, when it is not found.")
@click.option(
    "--ids", "ids_file", type=_FILE, help="A file of ids, one a line; with --url, shown to A."
)
@click.option(
    "--per-viewer", is_flag=True, help="Ids that work for several viewers fail the check."
)
@click.option("--url", help="Your own site: loopback, or a host that serves this run's token.")
@click.option("--path", default="", help="With --url: the page of a person, /u/{id}.")
@click.option(
    "--list", "lists", multiple=True, metavar="PATH", help="A page of A with links to people."
)
@click.option(
    "--as-a", multiple=True, metavar="HEADER", help="Cookie or header of viewer A, or @FILE."
)
@click.option("--as-b", multiple=True, metavar="HEADER", help="The same of viewer B.")
@click.option(
    "--guesses", type=click.IntRange(0, 1000), default=20, show_default=True, help="Of each kind."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the guesses."
)
@click.option(
    "--most-requests",
    type=click.IntRange(1, 20_000),
    default=500,
    show_default=True,
    help="The run ends then.",
)
@click.option(
    "--per-second",
    type=click.FloatRange(0.01, 50),
    default=5.0,
    show_default=True,
    help="Requests a second at most.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the token here, for the host to serve.",
)
@click.option(
    "--token-wait",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    help="Seconds to wait for the token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ids(**options: Unpack[_Options]) -> int:
    """Measure how guessable ids of people are, and whether ids one viewer collected work for another.

    From access logs (- is standard input), from a file of ids, or by asking your own site, slowly and with its
    consent. Exit code 1 when people can be walked through or ids are passed on; 2 when it could not be told.
    """
    if options["url"]:
        return _ask_site(options)
    return _measure(options)


def _measure(options: _Options) -> int:
    """Measure logs, or a file of ids."""
    import time

    from himaya.bench.walking import audit_file, audit_logs, ids_story
    from himaya.config import load

    if bool(options["logs"]) == bool(options["ids_file"]):
        raise InputError("name access logs, or a file of ids (--ids), or your own site (--url)")
    if options["path"] or options["lists"] or options["as_a"] or options["as_b"]:
        raise InputError("--path, --list, --as-a and --as-b belong to --url")
    config = load(options["config"]) if options["config"] is not None else None
    if options["ids_file"] is not None:
        population = float(config.site.population) if config and config.site.population else None
        audit = audit_file(options["ids_file"], time.time() + 86_400, population)
    else:
        form, per_viewer = options["form"], options["per_viewer"]
        audit = audit_logs(options["logs"], config, form=form, per_viewer=per_viewer)
    _show(audit, ids_story(audit), as_json=options["as_json"])
    return audit.exit_code


def _ask_site(options: _Options) -> int:
    from himaya.bench.walking import audit_site, site_story

    if options["logs"] or options["config"] or options["per_viewer"]:
        raise InputError(
            "--url asks a site; logs, --config and --per-viewer are for measuring logs"
        )
    audit = audit_site(_plan(options), lambda text: click.echo(text, err=True))
    _show(audit, site_story(audit), as_json=options["as_json"])
    return audit.exit_code


def _show(audit: IdsAudit | SiteAudit, story: Iterable[str], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(audit), indent=2).decode())
        return
    for line in story:
        click.echo(line)


def _plan(options: _Options) -> SitePlan:
    from himaya.bench.walking import SitePlan

    file = options["ids_file"]
    return SitePlan(
        url=options["url"] or "",
        path=options["path"],
        as_a=_headers("--as-a", options["as_a"]),
        as_b=_headers("--as-b", options["as_b"]) if options["as_b"] else None,
        lists=options["lists"],
        ids=tuple(_lines(file)) if file is not None else (),
        guesses=options["guesses"],
        seed=options["seed"],
        most_requests=options["most_requests"],
        per_second=options["per_second"],
        token_file=options["token_file"],
        token_wait_s=options["token_wait"],
    )


def _headers(option: str, told: Iterable[str]) -> Headers:
    """Return header fields of `Name: value`, of a cookie `name=value`, or of the lines of @FILE."""
    found: list[tuple[str, str]] = []
    for text in told:
        lines = _lines(Path(text[1:])) if text.startswith("@") else [text]
        found += [_header(option, line) for line in lines]
    cookies = "; ".join(value for name, value in found if name.lower() == "cookie")
    others = [(name, value) for name, value in found if name.lower() != "cookie"]
    return (*others, *([("Cookie", cookies)] if cookies else []))


def _header(option: str, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if colon and name.strip() and "=" not in name:
        return name.strip(), value.strip()
    if "=" in line:
        return "Cookie", line.strip()
    # What stands there may be a secret, so it is not repeated.
    raise InputError(f"{option}: write a header (Name: value), a cookie (name=value) or @FILE")


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as problem:
        raise InputError(f"cannot be read: {problem}", file=str(path)) from None
    return [line.strip() for line in lines if line.strip()]
