"""CrowdSec 1.4.6 with the http scenarios of its hub that a scraper can meet, and a bouncer before the site.

    crowdsecurity/http-crawl-non_statics   capacity 40, leakspeed 0.5 s, distinct file names, GET and HEAD
    crowdsecurity/http-probing             capacity 10, leakspeed 10 s, distinct targets answered 400, 403 or 404
    crowdsecurity/http-bad-user-agent      capacity 1, leakspeed 60 s, agents of a list of known tools
    default profile                        an overflow of any of them: the address is refused for 4 hours

A bucket belongs to an address, as the log has one host. It takes `capacity` events, loses one each `leakspeed`,
overflows on the event too many, and is gone, with the names it has seen, when nothing was poured for
(capacity + 1) * leakspeed.
`bad_user_agents.txt` is the hub's list, under the MIT licence that stands at its top.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import lru_cache
from importlib.resources import files

from himaya.bench.asks import Ask, Client
from himaya.bench.defences.limits import PASSES, REFUSED, Verdict

BLOCK_S = 4 * 3600.0
CRAWL, PROBING, AGENT = "http-crawl-non_statics", "http-probing", "http-bad-user-agent"

#: File endings that the hub's http-logs parser takes for parts of pages.
_STATIC = re.compile(
    r"\.(?:jpe?g|css|js|png|svg|map|ico|otf|gif|mp[34]|woff2?|ttf|eot|webp|wav|gz|brotli|bvr|ts|bmp)$",
    re.IGNORECASE,
)
#: Names remembered in one bucket. The program has no bound; no world has so many pages for one address.
_MOST_NAMES = 500_000


class Bucket:
    """The bucket of one address: tokens left at `at`, when something was poured last, distinct names seen."""

    __slots__ = ("at", "poured", "seen", "tokens")

    def __init__(self, tokens: float, now: float) -> None:
        """Start with room for `tokens` events."""
        self.tokens, self.at, self.poured = tokens, now, now
        self.seen: set[str] = set()

    def renew(self, tokens: float, now: float) -> None:
        """Become a new bucket."""
        self.tokens, self.at, self.poured = tokens, now, now
        self.seen.clear()


class Scenario:
    """A scenario of type leaky: one bucket per address."""

    def __init__(self, capacity: int, leakspeed_s: float, *, distinct: bool = True) -> None:
        """Start without buckets; `distinct` says whether a name is poured once only."""
        self._capacity, self._per_s = float(capacity), 1 / leakspeed_s
        self._life_s = (capacity + 1) * leakspeed_s
        self._distinct = distinct
        #: Address to bucket, in the order of the last pour.
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets there are."""
        return len(self._buckets)

    def pour(self, address: str, name: str, now: float) -> bool:
        """Pour one event and tell whether the bucket overflowed; a name that the bucket has seen is not poured."""
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._new(address, now)
        elif now > bucket.poured + self._life_s:
            bucket.renew(self._capacity, now)
        elif name in bucket.seen:
            return False
        if self._distinct and len(bucket.seen) < _MOST_NAMES:
            bucket.seen.add(name)
        bucket.poured = now
        if self._takes(bucket, now):
            self._buckets.move_to_end(address)
            return False
        del self._buckets[address]
        return True

    def _new(self, address: str, now: float) -> Bucket:
        """Start a bucket, after the buckets that nothing was poured into are gone."""
        buckets, dead = self._buckets, now - self._life_s
        while buckets and next(iter(buckets.values())).poured < dead:
            buckets.popitem(last=False)
        bucket = buckets[address] = Bucket(self._capacity, now)
        return bucket

    def _takes(self, bucket: Bucket, now: float) -> bool:
        """Take a token if there is one: a shortage under a nanosecond is none, as in the limiter of the program."""
        tokens = min(self._capacity, bucket.tokens + (now - bucket.at) * self._per_s) - 1
        if tokens < 0 and -tokens / self._per_s >= 1e-9:
            return False
        bucket.tokens, bucket.at = tokens, now
        return True


class CrowdSec:
    """The three scenarios and the block that follows an overflow.

    Refused requests do not reach the log, as with the firewall bouncer: they fill no buckets and prolong no block.
    """

    status = 403

    def __init__(self, capacity: int = 40, leakspeed_s: float = 0.5) -> None:
        """Start empty; capacity and leakspeed are those of http-crawl-non_statics, the others stay as they come."""
        self.scenarios = {
            CRAWL: Scenario(capacity, leakspeed_s),
            PROBING: Scenario(10, 10.0),
            AGENT: Scenario(1, 60.0, distinct=False),
        }
        self._crawl, self._probing, self._agent = self.scenarios.values()
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets and blocks there are."""
        return sum(map(len, self.scenarios.values())) + len(self._until)

    def verdict(self, client: Client, ask: Ask, now: float) -> Verdict:
        """Refuse an address whose block has not ended, whatever it asks for."""
        until = self._until.get(client.actor.address)
        if until is None:
            return PASSES
        if now < until:
            return REFUSED
        del self._until[client.actor.address]
        return PASSES

    def saw(self, client: Client, ask: Ask, status: int, now: float) -> None:
        """Pour an answer into the buckets; an overflow refuses the address from the next request on."""
        if self.overflows(client, ask, status, now):
            until = self._until
            while until and next(iter(until.values())) <= now:
                until.popitem(last=False)
            until[client.actor.address] = now + BLOCK_S

    def overflows(self, client: Client, ask: Ask, status: int, now: float) -> list[str]:
        """Pour one line of the log; return the scenarios that overflowed."""
        address, target, found = client.actor.address, ask.target, []
        name = file_name(target)
        if "." not in name or not _STATIC.search(name):
            if ask.method in {"GET", "HEAD"} and self._crawl.pour(address, name, now):
                found.append(CRAWL)
            if status in {400, 403, 404} and self._probing.pour(address, target, now):
                found.append(PROBING)
        if is_bad_agent(client.agent) and self._agent.pour(address, "", now):
            found.append(AGENT)
        return found


def file_name(target: str) -> str:
    """Return what http-logs calls the file name: the last segment of the path.

    >>> file_name("/u/7/friends?page=2"), file_name("/u/7"), file_name("/")
    ('friends', '7', '')
    """
    path, mark, _ = target.rpartition("?")
    return (path if mark else target).rpartition("/")[2]


@lru_cache(maxsize=4096)
def is_bad_agent(agent: str) -> bool:
    """Tell whether a User-Agent is one of the list of known tools."""
    return _bad_agents().search(agent) is not None


@lru_cache(maxsize=1)
def _bad_agents() -> re.Pattern[str]:
    text = files("himaya.bench.defences").joinpath("bad_user_agents.txt").read_text("utf-8")
    lines = [line.strip() for line in text.splitlines()]
    return re.compile("|".join(f"(?:{line})" for line in lines if line and line[0] != "#"))
