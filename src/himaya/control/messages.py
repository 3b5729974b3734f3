"""The questions of the control socket and their reply, as JSON lines.

Every question carries its name in `op`. `at` is the time the question speaks of, in epoch seconds;
None means now, by the clock of the authority.
"""

from __future__ import annotations

import msgspec

from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision, Standing
from himaya.core.detectors.surge import Watched
from himaya.core.errors import InputError, ServiceError
from himaya.core.exchange import Exchange, Request, Response

#: The longest line either side accepts, in bytes; a listing of 20,000 people fits.
MAX_LINE = 4 * 1024 * 1024


class Decide(msgspec.Struct, tag_field="op", tag="decide", omit_defaults=True):
    """May this request pass? Opens a ticket under its id. Reply: `decision`."""

    request: Request
    at: float | None = None


class Admit(msgspec.Struct, tag_field="op", tag="admit", omit_defaults=True):
    """May these people leave? Reply: `admission`."""

    response: Response
    at: float | None = None


class Record(msgspec.Struct, tag_field="op", tag="record", omit_defaults=True):
    """An exchange is over. Settles its ticket, or charges it when there is none."""

    exchange: Exchange
    at: float | None = None


class Clear(msgspec.Struct, tag_field="op", tag="clear", omit_defaults=True):
    """A challenge was solved. Reply: `cleared` is False when the day's share is used up."""

    clearance: str
    actor: Actor
    at: float | None = None


class Tell(msgspec.Struct, tag_field="op", tag="facts", omit_defaults=True):
    """Facts the application knows, each the record of one line of a facts file."""

    facts: tuple[msgspec.Raw, ...]


class AskStatus(msgspec.Struct, tag_field="op", tag="status"):
    """How is the gate? Reply: `status`."""


class TurnOff(msgspec.Struct, tag_field="op", tag="off", omit_defaults=True):
    """Pass everything from now on, and record the gap."""

    why: str = ""


class TurnOn(msgspec.Struct, tag_field="op", tag="on"):
    """Decide again."""


class Reload(msgspec.Struct, tag_field="op", tag="reload"):
    """Read the configuration again; a bad one is refused and the old one stays."""


class Flush(msgspec.Struct, tag_field="op", tag="flush"):
    """Reply once everything recorded so far is durable."""


class Stand(msgspec.Struct, tag_field="op", tag="stand"):
    """A decision that stands for a principal until its end."""

    standing: Standing


class NoteGap(msgspec.Struct, tag_field="op", tag="gap", omit_defaults=True):
    """A door could not ask from `start` to `end` (epoch seconds), so what it passed was not observed.

    `requests` is how many passed on `surface`; the authority writes the gap into the ledger.
    """

    start: float
    end: float
    why: str
    surface: str = ""
    door: str = ""
    requests: int = 0


Question = (
    Decide
    | Admit
    | Record
    | Clear
    | Tell
    | AskStatus
    | TurnOff
    | TurnOn
    | Reload
    | Flush
    | Stand
    | NoteGap
)


class Status(msgspec.Struct, omit_defaults=False):
    """How the gate is: what `himaya status` shows. Times are epoch seconds, 0 for never."""

    mode: str = "shadow"
    door: str = "none"
    policy: str = ""
    config: str = ""
    config_problem: str = ""
    off: bool = False
    off_since: float = 0.0
    off_why: str = ""
    started: float = 0.0
    uptime_s: float = 0.0
    tracked: int = 0
    open_tickets: int = 0
    people_disclosed: int = 0
    disclosures: int = 0
    requests: int = 0
    refused: int = 0
    findings: int = 0
    last_flush: float = 0.0
    pending_rows: int = 0
    ledger: str = ""
    ledger_problem: str = ""
    gaps: int = 0
    unseen_surfaces: tuple[str, ...] = ()
    forecast: str = ""
    model: str = ""
    engine: dict[str, int] = {}
    canaries: int = 0
    canary_views: int = 0
    canary_views_exempt: int = 0
    classes: tuple[Watched, ...] = ()
    spoe: dict[str, int] = {}


class Reply(msgspec.Struct, omit_defaults=True):
    """One reply; `error` says why when `ok` is False."""

    ok: bool
    error: str = ""
    decision: Decision | None = None
    admission: Admission | None = None
    cleared: bool | None = None
    status: Status | None = None
    told: int = 0


_questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
_replies = msgspec.json.Decoder(Reply)
_encoder = msgspec.json.Encoder()


def decode_question(line: bytes | memoryview) -> Question:
    """Read one question; raises InputError for anything that is none."""
    try:
        return _questions.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not a question of the control socket: {problem}") from None


def decode_reply(line: bytes | memoryview) -> Reply:
    """Read one reply; raises ServiceError when the other side speaks something else."""
    try:
        return _replies.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ServiceError(f"the authority answered what is no reply: {problem}") from None


def encode(message: Question | Reply) -> bytes:
    """Return one line, with its end."""
    return _encoder.encode(message) + b"\n"
