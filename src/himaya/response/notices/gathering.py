"""What is known of a case, for its notices: from its acts, its last count, the ledger and the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.ledger.affected import Affected
from himaya.response.cases import Case
from himaya.response.notices.facts import NoticeFacts

#: Clocks that say when the organisation knew, the surest first.
_KNEW = (
    *("aware", "aware_notifiable", "determined", "reasonable_grounds_to_believe"),
    *("reason_to_believe", "detected_and_assigned", "discovery_or_notified", "aware_or_suspected"),
)


def gathered(case: Case, found: Affected, config: Config | None) -> NoticeFacts:
    """Return the facts of a case. `found` are its people by the ledger. Raises InputError before any count."""
    if case.countries is None:
        raise InputError(
            f"the people of case {case.id} were not counted; run: himaya case people {case.id}"
        )
    config = config or Config()
    response, shown = config.response, found.subjects
    return NoticeFacts(
        organisation=response.organisation or config.site.name or config.owner.name,
        contact=response.contact or config.owner.contact,
        registration=response.registration,
        case=case.id,
        practice=case.practice,
        first=min((one.first for one in shown), default=_day(case.start))[:10],
        last=max((one.last for one in shown), default=_day(case.end))[:10],
        aware=_aware(case),
        people=sum(case.countries.values()),
        countries=case.countries,
        records=sum(one.times for one in found.scopes),
        fields=tuple(sorted({field for one in found.scopes for field in one.fields})),
        done=tuple(_done(case)),
        told=tuple(_told(case)),
        planned={one.country: one.people for one in case.assessments.values()},
    )


def _aware(case: Case) -> str:
    clock = next((case.clocks[name] for name in _KNEW if name in case.clocks), None)
    return _moment(clock.when).strftime("%Y-%m-%d %H:%M UTC") if clock else ""


def _done(case: Case) -> Iterator[str]:
    ways = {act.data.get("way") for act in case.acts("blocked")}
    if ways:
        yield "blocked" if "block" in ways else "held"
    if case.last("revoked"):
        yield "revoked"
    if any(act.data.get("party") == "scraper" for act in case.acts("sent")):
        yield "demanded"
    if any(act.data.get("answer") == "confirmed" for act in case.acts("reply")):
        yield "confirmed"


def _told(case: Case) -> Iterator[tuple[str, str, str]]:
    for act in case.acts("sent"):
        if act.data.get("party") in {"authority", "people"}:
            yield str(act.data["country"]), str(act.data["party"]), _day(act.moment)


def _day(at: int) -> str:
    return _moment(at).date().isoformat() if at else ""


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, UTC)
