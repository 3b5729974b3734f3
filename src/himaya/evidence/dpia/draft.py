"""From a configuration to a draft: everything in it is read from the file, or said to be unknown."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.config import Config
from himaya.core.decision import Action
from himaya.evidence.dpia import data as d
from himaya.ledger.schema import iso, micros

NOTE = (
    "This is a draft that a program made from a configuration. It lists what the configuration says; it judges nothing,"
    " and it does not say that any law is met. The judgement of the risk is a person's."
)

_PURPOSES = (
    "to notice when people's profiles are collected in bulk, and by whom",
    "to bound how many different people one visitor obtains",
    "to answer who was shown which fields of whom, and when",
    "to tell people and authorities what was taken, and to prove it",
)

_ROLES = (
    "whoever can read the ledger and its key file: each question is recorded in the chain, with reason and login name",
    "whoever can read the ledger without the key: numbers, and no name",
    "the gate's own account: writes rows, reads its key",
)


def draft(
    config: Config,
    now: float,
    judgement: d.Judgement | None = None,
    outside: dict[str, int | str] | None = None,
) -> d.Draft:
    """Return the draft of a configuration at `now` (epoch seconds).

    `judgement` is the last one on record, `outside` are figures of the ledger.
    """
    return d.Draft(
        note=NOTE,
        made_at=iso(micros(now)),
        site=config.site.name or config.site.url,
        owner=config.owner.name,
        population=config.site.population,
        mode=config.mode,
        config=config.hash,
        policy=config.policy().hash(),
        purposes=_PURPOSES,
        surfaces=tuple(_surfaces(config)),
        actors=tuple(_actors(config)),
        retention=tuple(_retention(config)),
        roles=_ROLES,
        recipients=tuple(_recipients(config)),
        safeguards=tuple(_safeguards(config)),
        incidents=tuple(_missed(config)),
        judgement=judgement or d.Judgement("none"),
        outside=outside or {},
    )


def _surfaces(config: Config) -> Iterator[d.Shown]:
    for one in config.surfaces:
        fields = (
            d.Field(name, config.fields.get(name, 1.0), d.risks_of(name)) for name in one.fields
        )
        yield d.Shown(one.id, one.route, one.kind, one.scope, tuple(fields))


def _actors(config: Config) -> Iterator[str]:
    """Yield the facets of visitors that rows hold, in words."""
    actor = config.actor
    yield "address and its network (/24 or /48), as numbers whose names are encrypted apart"
    if actor.account_header or actor.jwt_algorithm or actor.account_response or actor.account_field:
        yield "account, in the same way; its age, tier and access class"
    if actor.session_cookie:
        yield "session, in the same way"
    if actor.key_header:
        yield "API key, in the same way"
    if actor.asn_header:
        yield "number of the provider's network"
    if actor.fingerprint_header:
        yield f"class of the program, under another name every {actor.fingerprint_days} days, then blanked"
    yield "status of the answer, decision, version of terms accepted"


def _retention(config: Config) -> Iterator[d.Kept]:
    kept = config.retention
    then = "sealed to a key that is kept elsewhere, without end until somebody removes it"
    if kept.then == "delete":
        then = "deleted"
        if kept.ordinary == "compact":
            then = "deleted; per day, how often each person was shown to which access class stays"
    yield d.Kept("rows of ordinary viewers, with names", kept.identified_days, then)
    if kept.ordinary == "compact":
        yield d.Kept("the compact form, without viewers", kept.compact_days, "deleted")
    longer = max(kept.identified_days, kept.confirmed_days)
    what = "sealed" if kept.then == "seal" else "deleted"
    yield d.Kept("rows of members of a case that a person confirmed", longer, what)
    yield d.Kept(
        "rows that a hold or an open case needs", 0, "as the others, once the hold has ended"
    )
    yield d.Kept("fingerprint classes", config.actor.fingerprint_days, "blanked in the rows")
    yield d.Kept("backups of the identity map (your promise)", kept.backup_days, "destroyed by you")


def _recipients(config: Config) -> Iterator[str]:
    alerts = config.alerts
    if alerts.mail_to:
        yield f"mail: {len(alerts.mail_to)} recipients of alerts, which name nobody"
    if alerts.webhook_url:
        yield "a webhook gets alerts, which name nobody"
    if alerts.command:
        yield "a command gets alerts, which name nobody"
    if alerts.findings_file:
        yield "the findings file, on this machine, names actors"
    if config.feed.listen:
        yield "bouncers of the decision feed get addresses that are blocked, with an end"
    yield "whoever an export is given to: the register of exports lists them"


def _safeguards(config: Config) -> Iterator[d.Safeguard]:
    detectors = config.detectors
    acting = [
        name
        for name in detectors.__struct_fields__
        if getattr(getattr(detectors, name), "action", Action.ALLOW) is not Action.ALLOW
    ]
    limits = [one for one in config.budgets.__struct_fields__ if getattr(config.budgets, one)]
    yield d.Safeguard(
        "decisions are carried out, not only recorded", config.mode == "enforce", "mode"
    )
    yield d.Safeguard(f"limits on different people ({len(limits)} kinds)", bool(limits), "budgets")
    yield d.Safeguard(
        "a check that tells programs from people", config.ladder.challenge, "ladder.challenge"
    )
    yield d.Safeguard("fields can be withheld", config.ladder.redact, "ladder.redact")
    yield d.Safeguard(
        f"detectors that act ({', '.join(acting) or 'none'})", bool(acting), "detectors"
    )
    yield d.Safeguard(
        "groups that work together are looked for", config.groups.every_s > 0, "groups.every_s"
    )
    yield d.Safeguard("one budget for a group", config.budgets.group is not None, "budgets.group")
    yield d.Safeguard("canaries", bool(config.canaries.file), "canaries.file")
    yield d.Safeguard("somebody is told of alerts", config.alerts.has_channel, "alerts")
    yield d.Safeguard("addresses are blocked at the edge", bool(config.feed.listen), "feed.listen")
    yield d.Safeguard("rows hold numbers; names are encrypted apart", True, "ledger.key_file")
    yield d.Safeguard("every question to the ledger is recorded first", True, "ledger")
    yield d.Safeguard("rows end by themselves", True, "retention")


def _missed(config: Config) -> Iterator[d.Missed]:
    kept = config.retention
    longer = max(kept.identified_days, kept.confirmed_days)
    for one in d.incidents():
        after = "sealed" if kept.then == "seal" else "gone"
        ordinary = _left(one, kept.identified_days, after)
        yield d.Missed(one, ordinary, _left(one, longer, after))


def _left(incident: d.Incident, days: int, after: str) -> str:
    """Return what rows of an incident would be left after days of retention, when it was discovered."""
    if days >= incident.most_days:
        return "kept"
    return "partly" if days >= incident.least_days else after
