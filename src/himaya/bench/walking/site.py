"""Asking one's own site: do ids that viewer A was shown work for others, and do guesses find anybody.

Loopback may be asked at once; any other host must serve this run's one-time token first. Requests are paced and
bounded, say in `User-Agent` what they are, and no answer is kept.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

import msgspec

from himaya.bench.score.intervals import wilson
from himaya.bench.staging.client import MOST_PER_SECOND, MOST_REQUESTS, Client, StoppedError
from himaya.bench.staging.target import Target, resolve
from himaya.bench.staging.token import await_token, make_token, write_token
from himaya.bench.walking.outcome import Asked, SiteAudit
from himaya.bench.walking.shape import numbers_in, shape_of
from himaya.bench.walking.sight import Sight
from himaya.bench.walking.tries import Tries
from himaya.core.errors import InputError

Headers = tuple[tuple[str, str], ...]
Say = Callable[[str], None]

#: Ids of A that are tried; enough to see whether a rule holds.
IDS = 20
_HOLE = "{id}"
_MOST_LISTED = 5000


class SitePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `path` holds `{id}`; `lists` are pages of A that link to people, `ids` are further ids shown to A.

    `as_b` None: there is no second viewer. `guesses` bounds each kind of guess. The token is written to `token_file`
    too.
    """

    url: str
    path: str
    as_a: Headers
    as_b: Headers | None = None
    lists: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    guesses: int = 20
    seed: int = 1
    most_requests: int = 500
    per_second: float = 5.0
    token_file: Path | None = None
    token_wait_s: float = 300.0


def audit_site(plan: SitePlan, say: Say) -> SiteAudit:
    """Return what the site does. `say` is told the token where one is needed.

    Raises InputError for a plan that cannot be asked, or when A was shown nobody; ServiceError without consent.
    """
    _check(plan)
    target = resolve(plan.url, "--url")
    _consent(plan, target, say)
    with _Asker(plan, target) as asker:
        return asker.run()


def _check(plan: SitePlan) -> None:
    if plan.path.count(_HOLE) != 1 or not plan.path.startswith("/"):
        raise InputError(f"--path {plan.path}: write a path with one {_HOLE} in it, /u/{_HOLE}")
    if not plan.lists and not plan.ids:
        raise InputError(
            "name a page of viewer A that links to people (--list), or ids of it (--ids)"
        )
    if not 0 < plan.most_requests <= MOST_REQUESTS or not 0 < plan.per_second <= MOST_PER_SECOND:
        raise InputError(
            f"1 to {MOST_REQUESTS:,} requests, and at most {MOST_PER_SECOND:g} a second, can be asked for"
        )


def _consent(plan: SitePlan, target: Target, say: Say) -> None:
    """Return at once for loopback, else when the host serves this run's token."""
    if ip_address(target.address.partition("%")[0]).is_loopback:
        return
    token = make_token()
    if plan.token_file is not None:
        write_token(plan.token_file, token)
    with Client(target, most=MOST_REQUESTS) as client:
        await_token(client, token, plan.token_wait_s, say)


class _Asker:
    """One run; its clients share a bound on requests."""

    def __init__(self, plan: SitePlan, target: Target) -> None:
        self._plan, self._target = plan, target
        self._random = random.Random(plan.seed)
        self._tries = Tries(self._random, plan.guesses)
        self._stopped = ""
        self._a = self._client(plan.as_a)
        self._b = self._client(plan.as_b) if plan.as_b is not None else None
        self._nobody = self._client(())

    def _client(self, headers: Headers) -> Client:
        plan = self._plan
        return Client(self._target, headers, most=plan.most_requests, per_second=plan.per_second)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients():
            client.__exit__()

    def _clients(self) -> list[Client]:
        return [each for each in (self._a, self._b, self._nobody) if each is not None]

    def run(self) -> SiteAudit:
        listed = self._listed()
        chosen = self._random.sample(listed, min(IDS, len(listed)))
        missing = self._tries.missing(listed)
        sight_a = self._sight(self._a, missing)
        own, works = self._ask(self._a, sight_a, "as viewer A, to whom they were shown", chosen)
        if not works and not self._stopped:
            raise InputError(
                f"none of {own.asked} ids worked for viewer A itself: is --path right, and is A signed in?"
            )
        other, soft = None, sight_a.soft
        if self._b is not None:
            sight_b = self._sight(self._b, missing)
            soft = soft or sight_b.soft
            other, _ = self._ask(self._b, sight_b, "as viewer B", works)
        sight_n = self._sight(self._nobody, missing)
        nobody, _ = self._ask(self._nobody, sight_n, "without a login", works)
        tries = self._tries.guesses(listed)
        guesses = [self._ask(self._a, sight_a, how, ids)[0] for how, ids in tries if ids]
        soft = soft or sight_n.soft
        return self._result(listed, own, other, nobody, guesses, soft=soft)

    # -- whom A was shown --------------------------------------------------------------------------

    def _listed(self) -> list[str]:
        """Return the ids that A was shown, each once, in order."""
        found = dict.fromkeys(self._plan.ids)
        link = _link_pattern(self._plan.path)
        for place in self._plan.lists:
            heard = self._a.get(place)
            if heard.status != 200:
                raise InputError(f"--list {place}: viewer A is answered with status {heard.status}")
            text = heard.body.decode("utf-8", "replace").replace("\\/", "/")
            found.update(dict.fromkeys(unquote(each) for each in link.findall(text)))
        if not found:
            lists = ", ".join(self._plan.lists)
            raise InputError(f"no link that fits --path {self._plan.path} stands on {lists}")
        return list(found)[:_MOST_LISTED]

    # -- asking ------------------------------------------------------------------------------------

    def _sight(self, client: Client, missing: Sequence[str]) -> Sight:
        return Sight([(_quoted(each), client.get(self._place(each))) for each in missing])

    def _place(self, text: str) -> str:
        return self._plan.path.replace(_HOLE, _quoted(text))

    def _ask(
        self, client: Client, sight: Sight, how: str, ids: Sequence[str]
    ) -> tuple[Asked, list[str]]:
        """Ask for ids; return the figures, and those that showed somebody."""
        shown, asked, refused = list[str](), 0, 0
        for text in ids:
            if (
                self._stopped
                or sum(each.sent for each in self._clients()) >= self._plan.most_requests
            ):
                self._stopped = self._stopped or "the bound on requests is reached"
                break
            try:
                heard = client.get(self._place(text))
            except StoppedError as problem:
                self._stopped = str(problem)
                break
            asked += 1
            refused += heard.refused
            if sight.shows(heard, _quoted(text)):
                shown.append(text)
        low, high = wilson(len(shown), asked)
        return Asked(how, asked, len(shown), refused, low, high), shown

    # -- the result --------------------------------------------------------------------------------

    def _result(
        self,
        listed: Sequence[str],
        own: Asked,
        other: Asked | None,
        nobody: Asked,
        guesses: list[Asked],
        *,
        soft: bool,
    ) -> SiteAudit:
        return SiteAudit(
            url=self._target.url,
            address=self._target.address,
            path=self._plan.path,
            listed=len(listed),
            shape=shape_of(listed, numbers_in(listed)),
            own=own,
            other=other,
            nobody=nobody,
            guesses=guesses,
            requests=sum(each.sent for each in self._clients()),
            stopped=self._stopped,
            notes=list(_notes(self._plan, own, soft=soft)),
        )


def _quoted(text: str) -> str:
    return quote(text, safe="@:~")


def _link_pattern(path: str) -> re.Pattern[str]:
    """Return what finds the ids of links in a page: the path as it stands, in HTML or JSON."""
    before, _, after = path.partition(_HOLE)
    return re.compile(
        rf"""{re.escape(before)}([^/"'<>\s?#&\\]{{1,200}}){re.escape(after)}(?=["'<>\s?#&\\]|$)"""
    )


def _notes(plan: SitePlan, own: Asked, *, soft: bool) -> Iterator[str]:
    if soft:
        yield "The site answers 200 for ids that nobody has; answers were told apart by their words."
    if own.shown < own.asked:
        yield f"{own.asked - own.shown} of A's own ids did not work for A; only those that did were tried further."
    if plan.as_b is None:
        yield "No second viewer was named (--as-b): only whoever has no login was tried."
    yield "How long ids hold one run cannot see: keep some, and ask for them when they should be over (--ids)."
