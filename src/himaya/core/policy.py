"""The site's policy: budgets per principal, the ladder, detectors, challenges.

All of it is data, decoded from `himaya.toml`; `docs/configuration.md` documents every key.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from himaya.core.decision import Action
from himaya.core.learned import Learned
from himaya.core.surface import Surface


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distinct people, weighted by sensitivity, per sliding window. None: no limit."""

    hour: float | None = None
    day: float | None = None
    month: float | None = None


class Budgets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One budget per kind of principal. None: the kind has no budget in this tier.

    `asn` is one provider's network for accounts of one tier, `fingerprint` one class of browsers by age of the account,
    `batch` the accounts that signed up together. `visitor` and `visitor_prefix` are one address and one network again,
    counting only whoever has neither account nor key: members behind the same address leave them room.
    `assetless` is shared by all who are shown pages of people and never ask for an asset of them.
    """

    account: Budget | None = Budget(hour=100.0, day=300.0, month=3000.0)
    session: Budget | None = Budget(hour=100.0, day=300.0)
    key: Budget | None = Budget(hour=500.0, day=2000.0, month=20000.0)
    address: Budget | None = Budget(hour=200.0, day=600.0, month=6000.0)
    prefix: Budget | None = Budget(hour=1000.0, day=3000.0, month=30000.0)
    anonymous: Budget | None = None
    new_account: Budget | None = None
    group: Budget | None = None
    asn: Budget | None = None
    fingerprint: Budget | None = None
    batch: Budget | None = None
    visitor: Budget | None = None
    visitor_prefix: Budget | None = None
    assetless: Budget | None = None


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rungs are used, and when.

    `throttle_at` is the share of a budget from which answers are slowed by `throttle_s` (1.0 = never).
    `challenge` and `redact` switch those rungs on; a client that leaves `challenges_before_block`
    challenges unsolved is blocked until its window frees.
    """

    throttle_at: float = 1.0
    throttle_s: float = 1.0
    challenge: bool = True
    redact: bool = True
    challenges_before_block: int = 20


class ChallengePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a solved challenge buys: `people`, for `valid_s` seconds, at most `per_day` times per actor."""

    people: int = 20
    valid_s: int = 3600
    per_day: int = 20
    cost: int = 5000
    wait_s: int = 30


class Distance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What near people weigh beside far ones: `near` for the viewer's own (1.0: the same).

    Near are people the application told to be near, and, with `organisation`, those of the viewer's own.
    """

    near: float = 1.0
    organisation: bool = False


class Reserve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of budgets that many share is kept for accounts with a history.

    Accounts younger than `history_s`, and whoever has none, may together use a budget of addresses, networks,
    providers, browser classes, batches and surfaces up to 1 - `share` of it.
    """

    share: float = 0.0
    history_s: int = 30 * 86400


class AssetPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as an asset, and from when on its absence does, where a budget `assetless` is set.

    An asset is a request to no surface whose path ends in one of `suffixes` or begins with one of `paths`. It counts
    for `days`. Whoever was shown more than `after` pages of people without one spends `assetless`. Nobody is judged
    before `share` of the members who vote asked for one.
    """

    suffixes: tuple[str, ...] = (
        ".css",
        ".js",
        ".mjs",
        ".woff",
        ".woff2",
        ".ttf",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".svg",
        ".webp",
        ".avif",
        ".ico",
    )
    paths: tuple[str, ...] = ()
    after: int = 20
    days: int = 30
    share: float = 0.5


class Breadth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distinct people per hour and per day above which breadth is found."""

    hour: int = 100
    day: int = 400
    action: Action = Action.ALLOW
    for_s: int = 3600


class Enumeration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive steps of at most `step` between ids, in order, above which a walk is found."""

    run: int = 20
    step: int = 3
    action: Action = Action.ALLOW
    for_s: int = 3600


class Sharing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Networks (/24, /48) of one credential within `window_s` above which sharing is found."""

    networks: int = 6
    window_s: int = 600
    action: Action = Action.ALLOW
    for_s: int = 3600


class Velocity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distinct people a new account reaches within its first `window_s` above which it is found."""

    people: int = 60
    window_s: int = 3600
    action: Action = Action.ALLOW
    for_s: int = 3600


class Misses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Look-ups that find nobody: the share honest people do not pass, and the odds against it that are found.

    `odds` hold for one actor within one day (UTC), `group_odds` for a network, a fingerprint class or a surface.
    """

    rate: float = 0.5
    odds: float = 1000.0
    group_odds: float = 1_000_000.0
    action: Action = Action.ALLOW
    for_s: int = 3600


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Profile views of people whom no list showed to this session before, in a row, above which they are found.

    `surfaces` are the surfaces that count as lists; empty: every surface of kind listing. Nobody is judged before at
    least `share` of the first views of members came from a list: else people have other ways.
    """

    run: int = 30
    share: float = 0.5
    surfaces: tuple[str, ...] = ()
    action: Action = Action.ALLOW
    for_s: int = 3600


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence (in nats) above which a cohort's profile views look like collecting; `slots` bound what is counted."""

    anonymous: float = 14.0
    new: float = 70.0
    established: float = 55.0
    paid: float = 100.0
    slots: int = 1_048_576
    action: Action = Action.ALLOW
    for_s: int = 3600


class Regularity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bits of entropy of the last 64 gaps below which a rhythm is found to be a machine's."""

    bits: float = 2.5
    action: Action = Action.ALLOW
    for_s: int = 3600


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields that no surface may show undeclared; `strip` takes them out of JSON answers when enforcing.

    `fields` are personal fields by the names answers use, beside those that any surface declares.
    """

    fields: tuple[str, ...] = (
        "email",
        "e_mail",
        "phone",
        "phone_number",
        "mobile",
        "birthday",
        "birth_date",
        "birthdate",
        "date_of_birth",
        "dob",
        "address",
        "postcode",
        "zip_code",
        "national_id",
        "passport",
        "iban",
        "religion",
    )
    strip: bool = False


class ChallengeBehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Challenges in a row left unsolved by an actor, and actors of a group without one solution, that are found."""

    unsolved: int = 10
    actors: int = 25
    action: Action = Action.ALLOW
    for_s: int = 3600


class Impostor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Known crawlers: the words their agent strings hold, and the networks they come from."""

    crawlers: dict[str, tuple[str, ...]] = {}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The learned model: off without `file`, or where `enabled` is false. `action` is challenge at most.

    `digest` is that of the file's content, and `learned` the content itself; both are set by loading. A digest that is
    written must be the file's.
    """

    file: str = ""
    enabled: bool = True
    digest: str = ""
    action: Action = Action.ALLOW
    for_s: int = 3600
    learned: Learned | None = None


class Canary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two canaries of different places shown to one actor within `window_s` seconds lead to the action.

    `exempt` are actors who may see them (`account:NAME`, `key:NAME`, `address:IP`): they are counted, not found.
    """

    window_s: int = 30 * 86400
    exempt: tuple[str, ...] = ()
    action: Action = Action.ALLOW
    for_s: int = 3600


class Surge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People newly shown to a whole class per hour, above what is usual at this hour of the week.

    A class is judged once `hours` hours of it are known; `weeks` are remembered. The limit is `z` standard deviations
    above the usual, and never below `least` people. While it is passed, far, cold people cost `price` times as much.
    """

    hours: int = 168
    weeks: int = 5
    z: float = 6.0
    least: int = 200
    price: float = 1.0


class Detectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds of the streaming detectors, and the action each finding leads to (allow = report only)."""

    breadth: Breadth = Breadth()
    enumeration: Enumeration = Enumeration()
    sharing: Sharing = Sharing()
    velocity: Velocity = Velocity()
    misses: Misses = Misses()
    provenance: Provenance = Provenance()
    evidence: Evidence = Evidence()
    regularity: Regularity = Regularity()
    drift: Drift = Drift()
    challenge_behaviour: ChallengeBehaviour = ChallengeBehaviour()
    impostor: Impostor = Impostor()
    model: Model = Model()
    canary: Canary = Canary()
    surge: Surge = Surge()


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much state clients can make the engine hold. Past a bound the stated rule applies.

    `principals`: further new principals of a kind share windows, one for every 64 of the bound; so many accounts
    have their first sight remembered, and of those beyond it newcomers leave first. `people`: per
    principal, and 8 times `principals` (at least 100,000) in all; further people count as new at each view.
    `open_requests`: the oldest open reservation is charged whole. `clearances`, `standing`: the oldest
    leaves. `assets`: names remembered with the assets they asked for; who is unseen for longest begins anew.
    `settle_s` (at most 300): an exchange whose end was not seen by then is charged at its reserve.
    """

    principals: int = 2_000_000
    people: int = 1_000_000
    open_requests: int = 100_000
    clearances: int = 100_000
    standing: int = 100_000
    assets: int = 200_000
    settle_s: int = 300


class Policy(msgspec.Struct, frozen=True):
    """Everything the engine decides by.

    `canaries` is the SHA-256 of the secret list of canaries, "" without one; the list itself is told apart from it.
    """

    mode: Literal["shadow", "enforce"] = "shadow"
    surfaces: tuple[Surface, ...] = ()
    sensitivity: dict[str, float] = {}
    protected: dict[str, float] = msgspec.field(
        default_factory=lambda: {"minor": 3.0, "hidden": 3.0}
    )
    budgets: Budgets = Budgets()
    tiers: dict[str, Budgets] = {}
    surface_budgets: dict[str, Budget] = {}
    distance: Distance = Distance()
    reserve: Reserve = Reserve()
    assets: AssetPolicy = AssetPolicy()
    new_account_s: int = 7 * 86400
    ladder: Ladder = Ladder()
    challenge: ChallengePolicy = ChallengePolicy()
    detectors: Detectors = Detectors()
    bounds: Bounds = Bounds()
    canaries: str = ""

    def hash(self) -> str:
        """Return the first 16 hex digits of the SHA-256 of the canonical JSON form.

        Defaults are part of it: a release that changes one changes the hash. A learned model is in it by its digest;
        where its file lies is not.
        """
        model = msgspec.structs.replace(self.detectors.model, file="", learned=None)
        detectors = msgspec.structs.replace(self.detectors, model=model)
        plain = msgspec.structs.replace(self, detectors=detectors)
        encoded = msgspec.json.encode(plain, order="deterministic")
        return hashlib.sha256(encoded).hexdigest()[:16]
