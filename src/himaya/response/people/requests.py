"""What a person asks of the site: a complaint, access, an objection; and until when it is answered.

A request is a case of its own kind: received -> answered -> closed. Its clock is the site's (`[response] answer_days`);
one month is what the family of the GDPR gives (Art. 12(3)).
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from himaya.core.errors import InputError
from himaya.ledger.schema import DAY_S
from himaya.response.cases import Case, State
from himaya.response.people.countries import country_of

#: What a person may ask for.
KINDS: Final = {
    "access": "asks what was shown of them, and to whom",
    "complaint": "complains that their data was taken",
    "objection": "objects to their data being shown",
}

_DAY = DAY_S * 1_000_000


def new_id() -> str:
    """Return a name for a new request that no other has."""
    return f"r-{secrets.token_hex(5)}"


def opening(kind: str, subject: int, country: str, received: int, days: int) -> dict[str, Any]:
    """Return the data of the act that opens a request. Raises InputError for a kind or country that is none.

    `subject` is the person's surrogate, 0 when the ledger does not know them; `received` is microseconds. The answer
    is due at the end of the last of `days` days (UTC).
    """
    if kind not in KINDS:
        raise InputError(f"there is no request of kind {kind!r}; there are: {', '.join(KINDS)}")
    due = (received // _DAY + days + 1) * _DAY
    return {
        "kind": kind,
        "title": KINDS[kind],
        "subject": subject,
        "country": country_of(country),
        "due": due,
    }


def is_request(case: Case) -> bool:
    """Tell whether a case is a person's request."""
    return case.kind in KINDS


def due(case: Case) -> int:
    """Return until when a request has to be answered (microseconds, not included); 0: it is none, or is answered."""
    if not is_request(case) or case.state is not State.RECEIVED:
        return 0
    return int(case.entries[0].act.data.get("due", 0))


def is_overdue(case: Case, now: int) -> bool:
    """Tell whether a request should have been answered before `now` (microseconds)."""
    return 0 < due(case) <= now


def subject_of(case: Case) -> int:
    """Return the surrogate of whoever asks, 0 when the ledger did not know them. Raises InputError: no request."""
    if not is_request(case):
        raise InputError(f"case {case.id} is of kind {case.kind}; nobody asks for an answer in it")
    return int(case.entries[0].act.data.get("subject", 0))


def country_asked(case: Case) -> str:
    """Return the country of whoever asks, "" for unknown."""
    return str(case.entries[0].act.data.get("country", ""))
