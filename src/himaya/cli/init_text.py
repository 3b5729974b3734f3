"""What the snippets of `himaya init` share: templates, and values that may stand in them."""

from __future__ import annotations

import re
from importlib import resources

import click

from himaya.core.errors import InputError

#: What may stand in a configuration of a front server or Python without quoting.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/*@%+\[\]-]+")

#: Where front servers ask the authority, unless told otherwise.
SOCKET = "/run/himaya/auth.sock"


# Options that several front servers share.
site_option = click.option(
    "--site", default="example.org", show_default=True, help="Name of the site."
)
upstream_option = click.option(
    "--upstream",
    default="127.0.0.1:8000",
    show_default=True,
    help="The application, host:port or unix:/path.",
)
socket_option = click.option(
    "--socket", default=SOCKET, show_default=True, help="Unix socket the authority listens on."
)
listen_option = click.option(
    "--listen", default="", help="host:port the authority listens on, instead of --socket."
)
fail_option = click.option(
    "--fail",
    type=click.Choice(["open", "closed"]),
    default="open",
    show_default=True,
    help="What a page gets while the gate does not answer.",
)


def filled(text: str, values: dict[str, str]) -> str:
    """Return a template with each `@name@` replaced."""
    return re.sub(r"@([a-z]+)@", lambda found: values[found[1]], text)


def template(name: str) -> str:
    """Return a template of the package."""
    return (resources.files("himaya.cli") / "snippets" / name).read_text(encoding="utf-8")


def check_plain(values: dict[str, str]) -> None:
    """Raise InputError for a value that would end a directive; the names are those of the options."""
    for name, value in values.items():
        if not _PLAIN.fullmatch(value):
            raise InputError(f"--{name}: {value!r} cannot stand in a configuration file")
