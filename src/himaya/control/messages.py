"""The questions of the control socket and their reply, as JSON lines.

Every question carries its name in `op`. `at` is the time the question speaks of, in epoch seconds;
None means now, by the clock of the authority.
"""

from __future__ import annotations

import msgspec

from himaya.control.feed import AskBlocks, AskFeed, Block, BlockTold, FeedTold, Lift
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision, Standing
from himaya.core.detectors.watched import Watched
from himaya.core.errors import InputError, ServiceError
from himaya.core.exchange import Exchange, Request, Response
from himaya.core.lease import Lease

#: The longest line either side accepts, in bytes; a listing of 20,000 people fits.
MAX_LINE = 4 * 1024 * 1024


class Decide(msgspec.Struct, tag_field="op", tag="decide", omit_defaults=True):
    """May this request pass? Opens a ticket under its id. Reply: `decision`.

    A `worker` that names itself may get a `lease` instead, of which the request is to be paid.
    """

    request: Request
    at: float | None = None
    worker: str = ""


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


class Settled(msgspec.Struct):
    """One exchange that was over `at` (epoch seconds), and the `units` that it drew from a lease."""

    exchange: Exchange
    at: float
    lease: str
    units: int


class Settle(msgspec.Struct, tag_field="op", tag="settle", omit_defaults=True):
    """Exchanges of a worker that are over, in order, each a `Settled`; leases that are given `back` after them.

    A `number` that is not higher than the worker's last one was told before. Reply: leases that are `over`.
    """

    worker: str
    number: int
    items: tuple[msgspec.Raw, ...] = ()
    back: tuple[str, ...] = ()


class Probe(msgspec.Struct, tag_field="op", tag="probe"):
    """Remember, for a minute and in memory only, whom the next request is taken for whose target holds `mark`.

    `himaya doctor` asks: it sends such a request itself. A mark has 32 hex digits.
    """

    mark: str


class AskProbe(msgspec.Struct, tag_field="op", tag="probed"):
    """Whom was the request with this mark taken for? Forgets it. Reply: `probed`, None when none came."""

    mark: str


class Probed(msgspec.Struct):
    """Whom the gate took a doctor's request for. `peer` is the other end of the connection, "" on a Unix socket.

    `trusted`: the peer may speak for others: it is in `trusted_proxies`, showed the secret, or is on the socket.
    """

    address: str
    account: str
    tier: str
    asn: int
    peer: str
    trusted: bool


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
    | Settle
    | Block
    | Lift
    | AskBlocks
    | AskFeed
    | Probe
    | AskProbe
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
    ledger_writable: bool = True
    gaps: int = 0
    unseen_surfaces: tuple[str, ...] = ()
    forecast: str = ""
    model: str = ""
    engine: dict[str, int] = {}
    canaries: int = 0
    canary_views: int = 0
    canary_views_exempt: int = 0
    classes: tuple[Watched, ...] = ()
    feed: str = ""
    alerts: int = 0
    alerts_waiting: int = 0
    alert_problems: tuple[str, ...] = ()
    spoe: dict[str, int] = {}
    anchor: str = ""
    anchor_problems: tuple[str, ...] = ()


class Reply(msgspec.Struct, omit_defaults=True):
    """One reply; `error` says why when `ok` is False."""

    ok: bool
    error: str = ""
    decision: Decision | None = None
    admission: Admission | None = None
    cleared: bool | None = None
    status: Status | None = None
    told: int = 0
    lease: Lease | None = None
    over: tuple[str, ...] = ()
    blocks: tuple[BlockTold, ...] = ()
    feed: FeedTold | None = None
    probed: Probed | None = None


_questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
_replies = msgspec.json.Decoder(Reply)
_settled = msgspec.json.Decoder(Settled)
_encoder = msgspec.json.Encoder()


def decode_question(line: bytes | bytearray | memoryview) -> Question:
    """Read one question; raises InputError for anything that is none."""
    try:
        return _questions.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not a question of the control socket: {problem}") from None


def decode_reply(line: bytes | bytearray | memoryview) -> Reply:
    """Read one reply; raises ServiceError when the other side speaks something else."""
    try:
        return _replies.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ServiceError(f"the authority answered what is no reply: {problem}") from None


def decode_settled(item: msgspec.Raw) -> Settled:
    """Read one exchange of a batch; raises InputError for anything that is none."""
    try:
        return _settled.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not a settled exchange: {problem}") from None


def pack(item: Settled) -> msgspec.Raw:
    """Return one exchange as it stands in a batch."""
    return msgspec.Raw(_encoder.encode(item))


def encode(message: Question | Reply) -> bytes:
    """Return one line, with its end."""
    return _encoder.encode(message) + b"\n"
