"""A drill put together: a ledger, a register and a case of its own, in a directory where nothing else is."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from himaya.bootstrap.register import open_register, register_problems
from himaya.config import Config
from himaya.core.errors import InputError, ServiceError
from himaya.ledger.handing_out import write_private
from himaya.ledger.keys import Keys, default_key_file, read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.response import drill as d
from himaya.response.actors import names_of
from himaya.response.cases import Act, Case, Register
from himaya.response.containment import Revocation, hold, hold_of, tell
from himaya.response.letters.addressee import Addressee
from himaya.response.letters.annex import Annex, signed
from himaya.response.letters.draft import Draft, Sender, check
from himaya.response.letters.evidence import About, Evidence, gather
from himaya.response.letters.writing import write
from himaya.response.rendering import html_of, text_of

#: An authority and people of an unknown residence: what a drill writes to.
_PARTIES = ("authority", "people")


def run(out: Path, by: str, config: Config | None = None) -> d.Record:
    """Walk through a drill in `out`, a new or empty directory, and leave the record there.

    With `config` its identity system is told, marked as practice. Raises InputError, LedgerError, ServiceError.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise InputError(f"{out} is not empty; a drill has a directory of its own")
    except OSError as problem:
        raise ServiceError(f"{out}: cannot be used: {problem.strerror}") from problem
    ledger = out / "ledger"
    crew = d.invent(ledger, time.time())
    with open_register(ledger) as register, Reader.open(ledger) as reader:
        drill = _Drill(out, register, reader, config)
        drill.walk(tuple(crew))
        record = drill.record(by, register_problems(register, ledger, None))
    write_private(out / "drill.json", msgspec.json.format(msgspec.json.encode(record), indent=2))
    write_private(out / "drill.txt", d.as_text(record).encode())
    return record


class _Drill:
    """The case of one drill, and the clock over its steps."""

    def __init__(
        self, out: Path, register: Register, reader: Reader, config: Config | None
    ) -> None:
        self.watch = d.Watch()
        day = datetime.fromtimestamp(self.watch.began, UTC)
        self.name = f"drill-{day:%Y%m%d}-{secrets.token_hex(3)}"
        self._out, self._register, self._reader, self._config = out, register, reader, config
        self._revocation = "not told"
        self._evidence: Evidence | None = None

    def walk(self, crew: tuple[int, ...]) -> None:
        """Take every step, each by the role that takes it in earnest."""
        title = f"{d.MARK}: an invented crew"
        told = {"title": title, "source": "drill", "practice": True, "actors": list(crew)}
        self._do("first signal", "opened", **told)
        self._do("acknowledged", "acknowledged")
        self._do("confirmed", "confirmed")
        self._contain(crew)
        self._count(crew)
        self._letter()
        self._assess()
        self._close()

    def record(self, by: str, problems: list[str]) -> d.Record:
        """Return what the drill leaves."""
        found, watch = self._evidence, self.watch
        return d.Record(
            practice=True,
            mark=d.MARK,
            id=self.name,
            date=iso(micros(watch.began)),
            by=by,
            people=found.people if found else 0,
            rows=found.rows if found else 0,
            steps=watch.steps,
            contained_s=watch.since("contained"),
            whole_s=watch.steps[-1].since_signal_s,
            revocation=self._revocation,
            problems=problems,
        )

    @property
    def _keys(self) -> Keys:
        return read_key_file(default_key_file(self._out / "ledger"))

    def _act(self, kind: str, **data: Any) -> Case:  # noqa: ANN401  (the data of an act)
        at = micros(time.time())
        self._register.add(Act(case=self.name, kind=kind, at=at, data=data, **d.played(kind)))
        return self._register.case(self.name)

    def _do(self, step: str, kind: str, **data: Any) -> None:  # noqa: ANN401
        state = self._act(kind, **data).state
        self.watch.over(step, d.played(kind)["role"], str(state))

    def _contain(self, crew: tuple[int, ...]) -> None:
        who, now = d.played("blocked"), time.time()
        group = hold_of(self._register.case(self.name), crew, now)
        hold(group, self._out / "ledger", block=True, why=who["why"], by=who["by"], now=now)
        self._do("held", "blocked", group=group.id, way="block", actors=len(crew))
        self._revoke(crew)
        self._do("contained", "contained")

    def _revoke(self, crew: tuple[int, ...]) -> None:
        """Tell the site's identity system, where there is one, of invented accounts, marked as practice."""
        told = self._config.response if self._config else None
        if told is None or not told.revoke_url:
            return
        names = names_of(self._reader, crew)
        order = Revocation(
            id=secrets.token_hex(8),
            event="revoke",
            case=self.name,
            practice=True,
            at=iso(micros(time.time())),
            accounts=names.accounts,
            keys=names.keys,
            sessions=names.sessions,
        )
        self._act("revoked", id=order.id, event="revoke", accounts=len(names.accounts))
        said = tell(order, told.revoke_url, told.revoke_secret_file)
        self._revocation = said.said
        self._do("sessions ended", "delivered", id=order.id, said=said.said, tries=said.tries)

    def _count(self, crew: tuple[int, ...]) -> None:
        self._evidence = gather(self._reader, About(self.name, crew, practice=True))
        self._do("people counted", "counted", countries={"": self._evidence.people})

    def _letter(self) -> None:
        found = self._evidence
        if found is None:
            return
        annex = signed(
            Annex(f"{self.name}/l-1", iso(micros(time.time())), d.MARK, found), self._keys
        )
        draft = _draft(self.name, found, annex)
        check(draft)
        text = text_of(write(draft, released=True))
        told = {
            "id": "l-1",
            "what": "letter",
            "form": "stop",
            "party": "scraper",
            "bases": ["terms"],
        }
        hashes = {"sha256": _digest(text.encode()), "annex_sha256": draft.annex_sha256}
        sealed = {"sealed": draft.sealed(self._keys), "annex": self._keys.seal_text(annex.decode())}
        self._do(
            "letter drafted", "drafted", **told, **hashes, **sealed, language="en", due=draft.due
        )
        self._act("researcher", answer="no")
        self._do("letter released", "released", id="l-1")
        written = write(draft, released=False)
        write_private(self._out / "letter.txt", text_of(written).encode())
        write_private(self._out / "letter.html", html_of(written).encode())
        write_private(self._out / draft.annex, annex)

    def _assess(self) -> None:
        outcome = {"country": "", "regime": "", "authority": "voluntary", "people": "notify"}
        self._act("assessment", **outcome)
        self._do("assessed", "assessed")

    def _close(self) -> None:
        for party in _PARTIES:
            self._act("sent", id=f"n-{party}", country="", party=party)
        self._do("notified", "notified")
        self._act("compared", practice=True)
        self._do("closed", "closed", without_confirmation=f"{d.MARK}: there is nobody to confirm")


def _draft(case: str, evidence: Evidence, annex: bytes) -> Draft:
    to = Addressee(f"{d.MARK} recipient", "nowhere", "account_record", "claimed")
    return Draft(
        id="l-1",
        case=case,
        kind="stop",
        language="en",
        country="",
        sender=Sender(d.MARK, d.MARK, "nobody", ""),
        to=to,
        bases=("terms",),
        urls=(),
        written=datetime.now(UTC).date().isoformat(),
        due="2999-12-31",
        annex="annex.json",
        annex_sha256=_digest(annex),
        evidence=evidence,
        practice=True,
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
