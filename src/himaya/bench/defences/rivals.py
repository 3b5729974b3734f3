"""The rivals: rules that sites use today, three settings each, tuned in good faith; models, and they say so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from himaya.bench.defences.base import Defence
from himaya.bench.defences.crowdsec import CrowdSec
from himaya.bench.defences.fail2ban import Jail
from himaya.bench.defences.haproxy_stick import StickLimit
from himaya.bench.defences.limits import Limited, Rule
from himaya.bench.defences.nginx_limit_req import LimitReq
from himaya.bench.world.site import World


class Rival(msgspec.Struct, frozen=True):
    """One program with one setting.

    `family` is the program's, `setting` what is set, `rule` one sentence: which rule is modelled and how it was
    checked. `make` builds the defence before a world.
    """

    name: str
    family: str
    setting: str
    rule: str
    make: Callable[[World], Defence]


_NGINX = (
    "Leaky bucket of nginx 1.22 limit_req per client address, in milliseconds, on people routes, refusals answered 429;"
    " checked live, verdict by verdict, against nginx on loopback."
)
_HAPROXY = (
    "Sliding http_req_rate of HAProxy 2.6 stick tables per client address and per session cookie, on people routes,"
    " denied with 429; checked live, rate by rate, against HAProxy on loopback."
)
_FAIL2BAN = (
    "Count and block of fail2ban 1.0.2 per client address, on every 200 of a people route, blocked from every route"
    " with 403; checked block by block against fail2ban's own code on its virtual time."
)
_CROWDSEC = (
    "Leaky buckets of CrowdSec 1.4.6 per client address, scenarios http-crawl-non_statics, http-probing and"
    " http-bad-user-agent, blocked for 4 h with 403; checked overflow by overflow against the real binary in replay."
)


def _limited(rule: Callable[[], Rule], world: World) -> Defence:
    return Limited(world, rule())


def _rival(family: str, setting: str, sentence: str, rule: Callable[[], Rule]) -> Rival:
    make = partial(_limited, rule)
    return Rival(f"{family} {setting}", family, setting, sentence, make)


def _nginx(rate: int) -> Rival:
    return _rival("nginx limit_req", f"{rate} r/s", _NGINX, partial(LimitReq, rate))


def _haproxy(limit: int, period_s: int) -> Rival:
    return _rival(
        "HAProxy stick table",
        f"{limit} in {period_s} s",
        _HAPROXY,
        partial(StickLimit, limit, period_s),
    )


def _fail2ban(most: int, find_s: int, block_s: int) -> Rival:
    setting = f"{most} in {find_s} s, {block_s // 60} min"
    return _rival("fail2ban", setting, _FAIL2BAN, partial(Jail, most, find_s, block_s))


def _crowdsec(setting: str, capacity: int, leakspeed_s: float) -> Rival:
    return _rival("CrowdSec", setting, _CROWDSEC, partial(CrowdSec, capacity, leakspeed_s))


RIVALS: tuple[Rival, ...] = (
    _nginx(1),
    _nginx(5),
    _nginx(20),
    _haproxy(60, 60),
    _haproxy(200, 300),
    _haproxy(600, 3600),
    _fail2ban(300, 300, 600),
    _fail2ban(100, 60, 3600),
    _fail2ban(1000, 3600, 86400),
    _crowdsec("stock", 40, 0.5),
    _crowdsec("capacity 15", 15, 0.5),
    _crowdsec("capacity 100, leak 10 s", 100, 10.0),
)
