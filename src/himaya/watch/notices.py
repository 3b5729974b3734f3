"""Sentences that are said before any figure: what the log cannot show, and the line that changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from himaya.watch.actors import clean_address, is_internal
from himaya.watch.result import Notice
from himaya.watch.sample import Sample
from himaya.watch.surfaces import SURE, GuessedSurface
from himaya.watch.totals import Totals

NGINX_FORMAT = (
    'log_format himaya \'$remote_addr - $remote_user [$time_local] "$request" $status'
    ' $body_bytes_sent "$http_referer" "$http_user_agent"'
    ' account="$upstream_http_himaya_account" subjects="$upstream_http_himaya_subjects"'
    ' id="$request_id"\';'
)
APACHE_FORMAT = (
    r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"'
    r' account=\"%{Himaya-Account}o\" subjects=\"%{Himaya-Subjects}o\"" himaya'
)
NGINX_REAL_IP = "set_real_ip_from {network}; real_ip_header X-Forwarded-For; real_ip_recursive on;"
APACHE_REAL_IP = "RemoteIPHeader X-Forwarded-For and RemoteIPTrustedProxy {network}"

#: A few addresses that send this share of all lines are told of, if they look like proxies.
_PROXY_SHARE = 0.8
_PROXIES = 3
_PROXY_LINES = 200
_PROXY_AGENTS = 8

Name = Callable[[str], str]


def both(nginx: str, apache: str) -> str:
    """Return the line to add, for either server."""
    return f"nginx: {nginx}\nApache: {apache}"


def about_surfaces(guesses: Sequence[GuessedSurface], *, declared: bool) -> Iterator[Notice]:
    """Say when no route looks like people, or that the routes are a guess."""
    if declared:
        return
    sure = [guess for guess in guesses if guess.confidence >= SURE]
    if sure:
        routes = ", ".join(f"{g.surface.route} ({g.confidence:.0%} sure)" for g in sure[:6])
        yield Notice(
            kind="guessed",
            text=f"No configuration was given; these routes were guessed to show people: {routes}.",
            fix="himaya discover LOG > himaya.toml",
        )
        return
    closest = [guess for guess in guesses if guess.confidence >= 0.15][:3]
    text = "No route in this log looks like it shows people, so nobody was counted."
    if closest:
        routes = ", ".join(f"{g.surface.route} ({g.confidence:.0%})" for g in closest)
        text += f" Routes with many ids that may be anything: {routes}."
    route = closest[0].surface.route if closest else "/profile/{subject}"
    yield Notice(
        kind="no_people",
        text=text,
        fix=f'[[surface]] id = "profile", route = "{route}" in himaya.toml, then scan --config',
    )


def about_addresses(totals: Totals, sample: Sample, name: Name) -> Iterator[Notice]:
    """Say when nearly all lines of the sample come from a few addresses that look like proxies."""
    counts, agents = sample.addresses, sample.agents
    busiest = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_PROXIES]
    proxies = [(a, n) for a, n in busiest if _is_proxy_like(a, agents.get(a, set()))]
    share = sum(n for _, n in proxies) / max(1, counts.total())
    if counts.total() < _PROXY_LINES or share < _PROXY_SHARE or totals.with_forwarded:
        return
    shown = ", ".join(name(f"address:{clean_address(a)}") for a, _ in proxies)
    network = clean_address(proxies[0][0]) if name("address:x") == "address:x" else "ADDRESS"
    yield Notice(
        kind="proxy",
        text=(
            f"{share:.0%} of the lines come from {_few(len(proxies))} ({shown}), each with many"
            " different browsers: probably your own proxies. Whoever is behind them cannot be"
            " told apart by address."
        ),
        fix=both(
            NGINX_REAL_IP.format(network=network or "ADDRESS"),
            APACHE_REAL_IP.format(network=network or "ADDRESS"),
        ),
    )


def _few(number: int) -> str:
    return "one address" if number == 1 else f"{number} addresses"


def _is_proxy_like(address: str, agents: set[str]) -> bool:
    """Tell whether many different browsers come from an address (fewer do for an internal one)."""
    clean = clean_address(address)
    return len(agents) >= (3 if not clean or is_internal(clean) else _PROXY_AGENTS)


def about_forwarded(believed: int) -> Iterator[Notice]:
    """Say when addresses were taken from a forwarded list without a configuration."""
    if believed:
        yield Notice(
            kind="forwarded",
            text=(
                f"{believed} answers went to a private address; the client was taken from"
                " the forwarded addresses in the log."
            ),
            fix='[actor] trusted_proxies = ["10.0.0.0/8"] in himaya.toml says which to believe',
        )


def about_accounts(totals: Totals) -> Iterator[Notice]:
    """Say when no line names an account."""
    if totals.parsed and not totals.with_account:
        yield Notice(
            kind="no_account",
            text=(
                "No account is logged, so actors are addresses only: one account on many"
                " networks cannot be seen, and people who share an address look like one actor."
            ),
            fix=both(NGINX_FORMAT, APACHE_FORMAT),
        )


def about_unattributed(unattributed: int, listings: Sequence[str]) -> Iterator[Notice]:
    """Say when listings showed people whom the log does not name."""
    if unattributed:
        yield Notice(
            kind="unattributed",
            text=(
                f"{unattributed} answers of {', '.join(listings)} showed people whom the log does"
                " not name. They are in no figure of people."
            ),
            fix=(
                "let the application answer with the header Himaya-Subjects: ID, ID, ... and log it."
                f" {both(NGINX_FORMAT, APACHE_FORMAT)}"
            ),
        )


def about_lines(totals: Totals) -> Iterator[Notice]:
    """Say when logs are empty, broken off, or largely malformed."""
    if not totals.lines:
        yield Notice(kind="empty", text="The log has no lines.")
    for file, why, _ in totals.torn:
        yield Notice(kind="torn", text=f"{file} breaks off: {why}. What stands before it was read.")
    if totals.malformed > 0.05 * totals.lines:
        yield Notice(
            kind="malformed",
            text=f"{totals.malformed} of {totals.lines} lines are not in the format of the log.",
            fix="--format 'the log_format or LogFormat string of the server'",
        )


def about_order(late: int, where: str) -> Iterator[Notice]:
    """Say when times go back."""
    if late:
        yield Notice(
            kind="order",
            text=(
                f"{late} answers stand more than 10 minutes behind later ones (first: {where})."
                " They are counted, and judged among themselves."
            ),
            fix="give each server's log as a file of its own; himaya merges files by time",
        )


def about_limits(not_kept: int) -> Iterator[Notice]:
    """Say when a limit of memory was reached."""
    if not_kept:
        yield Notice(
            kind="limits",
            text=f"{not_kept} disclosures are beyond what one scan holds; figures of people are too low.",
            fix="scan shorter periods",
        )
