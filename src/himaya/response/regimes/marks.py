"""What a reader must see beside an entry: that it is old, that it rests on weak evidence, that some of it is draft."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from himaya.response.regimes.regime import Party, Regime

#: The group of fields that the deadlines of a party rest on.
DEADLINE_GROUP: dict[Party, str] = {"authority": "authority_deadline", "people": "people_notice"}


def day_of(now: int) -> date:
    """Return the day (UTC) of a time in microseconds."""
    return datetime.fromtimestamp(now // 1_000_000, UTC).date()


def review_of(regime: Regime) -> date:
    """Return the last day on which an entry counts as looked up."""
    return regime.review_by or regime.as_of + timedelta(days=regime.review_days)


def is_stale(regime: Regime, now: int) -> bool:
    """Tell whether an entry is older than its review date at a time (microseconds)."""
    return day_of(now) > review_of(regime)


def marks(regime: Regime, now: int) -> list[str]:
    """Return what has to stand beside an entry at a time (microseconds): each a word, a colon and its reason.

    The words are "unverified" (older than its review date), "unconfirmed" (a deadline that no official text was read
    for) and "draft" (law that is proposed). Empty: nothing is known against it.
    """
    found = []
    if is_stale(regime, now):
        found.append(f"unverified: looked up {regime.as_of}, review was due {review_of(regime)}")
    weak = [_words(regime, party, now) for party in DEADLINE_GROUP if _is_weak(regime, party, now)]
    if weak:
        found.append(f"unconfirmed: {', '.join(weak)}")
    found += [f"draft: {one.text}" for one in regime.changes if one.status == "draft"]
    return found


def _is_weak(regime: Regime, party: Party, now: int) -> bool:
    """Tell whether nobody read the official text of a limit, or of that there is none."""
    return not regime.mark(DEADLINE_GROUP[party], day_of(now)).is_sure


def _words(regime: Regime, party: Party, now: int) -> str:
    day = day_of(now)
    mark = regime.mark(DEADLINE_GROUP[party], day)
    known = mark.evidence if mark.verified else f"{mark.evidence}, not verified"
    what = "deadline of the" if regime.limits(party, day) else "no limit for a"
    return f"{what} notice to {_WHOM[party]} ({known})"


_WHOM: dict[Party, str] = {"authority": "the authority", "people": "people"}
