"""Assets: who requests the style sheets, scripts, pictures and fonts of the pages they are shown.

A browser does, a library that reads pages does not; neither do text browsers, screen readers built on them, feed
readers and applications on telephones. So nothing is found and nobody is refused for it. Whoever was shown more than
`after` pages of people since the last asset spends, beside all other budgets, one that everybody like that shares.

Many sites let others serve their assets, and some browsers keep them for months. So members vote: nobody is judged
where less than `share` of them asked for an asset on the day that they looked at people.
"""

from __future__ import annotations

from collections import OrderedDict
from zlib import crc32

from himaya.core.actor import Actor
from himaya.core.exchange import Request
from himaya.core.policy import AssetPolicy, Budget, Policy

_DAY_S = 86400.0
_NEVER = float("-inf")

#: A member votes with so many pages of people on one day (UTC); so many votes make an election.
_VOTES_AT = 5
_ELECTION = 50
#: Votes after which all are halved, so that a site which moves its assets elsewhere is noticed.
_FADES = 2_000

#: A longer agent string is told apart by its beginning: the doors cut it, too.
_AGENT = 512


class _Held:
    """When a name last asked for an asset, the pages of people since, and those of one day."""

    __slots__ = ("at", "day", "pages", "today")

    def __init__(self) -> None:
        self.at = _NEVER
        self.pages = 0
        self.day = 0
        self.today = 0


class AssetPaths:
    """Tells requests for assets by their path."""

    __slots__ = ("_paths", "_suffixes")

    def __init__(self, policy: AssetPolicy) -> None:
        """Take the endings and beginnings of paths that count."""
        self._suffixes = tuple(suffix.lower() for suffix in policy.suffixes)
        self._paths = policy.paths

    def has(self, target: str) -> bool:
        """Tell whether a request target is an asset's.

        >>> AssetPaths(AssetPolicy()).has("/site.CSS?v=3"), AssetPaths(AssetPolicy()).has("/u/42")
        (True, False)
        """
        path = target.partition("?")[0]
        return path.lower().endswith(self._suffixes) or path.startswith(self._paths)


def is_counted(policy: Policy) -> bool:
    """Tell whether a policy holds anybody to a budget of those without assets."""
    budgets = (policy.budgets, *policy.tiers.values())
    return any(each.assetless not in {None, Budget()} for each in budgets)


class Assets:
    """What was seen of assets, by name: account, session, address with agent.

    A request carries up to three names. An asset frees all of them, because a browser that keeps its assets does not
    ask again after a log-in; a page counts for all of them. At most `bounds.assets` names are held; whoever is
    unseen for longest is forgotten, and begins anew.
    """

    def __init__(self) -> None:
        """Begin with nobody, and nothing to look for."""
        self.on = False
        #: What is beside the pages is not shown here at all (rows of a ledger): then nobody is judged.
        self.blind = False
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._votes = self._asked = 0
        #: Names forgotten because too many were held.
        self.evicted = 0
        self.adopt(Policy())

    def __len__(self) -> int:
        """Return how many names are held."""
        return len(self._held)

    def adopt(self, policy: Policy) -> None:
        """Go by a policy from now on; what was seen stays where it still counts."""
        self.on = is_counted(policy)
        self._policy = policy.assets
        self._keep_s = policy.assets.days * _DAY_S
        self._most = policy.bounds.assets
        self._paths = AssetPaths(policy.assets)
        if not self.on:
            self._held.clear()
            self._votes = self._asked = 0

    @property
    def judges(self) -> bool:
        """Tell whether enough members ask for assets where they are seen."""
        share = self._policy.share
        return not share or (self._votes >= _ELECTION and self._asked >= share * self._votes)

    def look(self, request: Request, now: float) -> None:
        """See a request to no surface: an asset frees whoever asked."""
        if self.on and self._paths.has(request.target):
            for held in self._all(request.actor, request.agent):
                held.at, held.pages = now, 0

    def opened(self, request: Request, now: float, *, member: bool) -> None:
        """Count a page of people; `member`: an account that is not new asked, which votes."""
        names = self._all(request.actor, request.agent)
        for held in names:
            held.pages += 1
        if member:
            self._vote(names, now)

    def _vote(self, names: list[_Held], now: float) -> None:
        """Let a member vote, once a day, by whether any of its names asked for an asset within a day."""
        first, day = names[0], int(now // _DAY_S)
        if first.day != day:
            first.day, first.today = day, 0
        first.today += 1
        if first.today != _VOTES_AT:
            return
        self._votes += 1
        self._asked += any(now - held.at <= _DAY_S for held in names)
        if self._votes >= _FADES:
            self._votes, self._asked = self._votes // 2, self._asked // 2

    def lacks(self, actor: Actor, agent: str, now: float) -> bool:
        """Tell whether an actor spends the budget of those without assets; whoever has an API key never does."""
        if actor.key or self.blind or not self.judges:
            return False
        found = [held for name in names_of(actor, agent) if (held := self._held.get(name))]
        if any(now - held.at <= self._keep_s for held in found):
            return False
        return any(held.pages > self._policy.after for held in found)

    def _all(self, actor: Actor, agent: str) -> list[_Held]:
        """Return what is held of every name of an actor, making what is new."""
        return [self._of(name) for name in names_of(actor, agent)]

    def _of(self, name: str) -> _Held:
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _Held()
            if len(self._held) > self._most:
                self._held.popitem(last=False)
                self.evicted += 1
        else:
            self._held.move_to_end(name)
        return held


def names_of(actor: Actor, agent: str) -> list[str]:
    """Return the names that assets are remembered by, the account first; none where nothing tells who asks.

    The agent string stands for the browser: a class made of header fields is another one for a page than for its
    pictures. A checksum of it keeps names short. What is not ASCII is left out: doors and logs read it differently.
    """
    names = []
    if actor.account:
        names.append("a" + actor.account)
    if actor.session:
        names.append("s" + actor.session)
    if actor.address:
        names.append(f"i{actor.address} {crc32(agent[:_AGENT].encode('ascii', 'ignore')):x}")
    return names
