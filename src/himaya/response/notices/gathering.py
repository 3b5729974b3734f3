"""What is known of a case, for its notices: from its acts, its last count, the ledger and the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.ledger.affected import Affected
from himaya.response.cases import Case
from himaya.response.cases.conditions import is_deleted
from himaya.response.notices.facts import NoticeFacts
from himaya.response.people.taken import demands_of

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
        done=tuple(measures(case, config)),
        told=tuple(_told(case)),
        planned={one.country: one.people for one in case.assessments.values()},
    )


def _aware(case: Case) -> str:
    clock = next((case.clocks[name] for name in _KNEW if name in case.clocks), None)
    return _moment(clock.when).strftime("%Y-%m-%d %H:%M UTC") if clock else ""


def measures(case: Case, config: Config) -> Iterator[str]:
    """Yield keys of what was done and stands: what failed, was taken back or contradicted since is not told."""
    hold = next((act for act in reversed([*case.acts("blocked", "unblocked")])), None)
    if hold is not None and hold.kind == "blocked":
        if hold.data.get("way", "block") == "block":
            yield "blocked"
        elif config.budgets.group is not None:
            yield "held"
        if _is_revoked(case):
            yield "revoked"
    demands = [one for one in demands_of(case) if one.party == "scraper"]
    if any(one.state != "drafted" for one in demands):
        yield "demanded"
    if is_deleted(case):
        yield "confirmed"


def _is_revoked(case: Case) -> bool:
    """Tell whether the identity system took an order to end sessions; one that it did not take is no measure."""
    taken = {act.data.get("id") for act in case.acts("delivered")}
    return any(act.data.get("id") in taken for act in case.acts("revoked"))


def _told(case: Case) -> Iterator[tuple[str, str, str]]:
    for act in case.acts("sent"):
        if act.data.get("party") in {"authority", "people"}:
            yield str(act.data["country"]), str(act.data["party"]), _day(act.moment)


def _day(at: int) -> str:
    return _moment(at).date().isoformat() if at else ""


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, UTC)
