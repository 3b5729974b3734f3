"""A letter before it is words: everything that goes into it, as the register keeps it, sealed."""

from __future__ import annotations

from datetime import date

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.keys import Keys
from himaya.response.letters.addressee import Addressee
from himaya.response.letters.evidence import About, Evidence
from himaya.response.letters.forms import BASES, check_bases, form_of

#: Places that a letter names, and the characters of each.
MOST_URLS, LONGEST_URL = 50, 2000


class Sender(msgspec.Struct, frozen=True):
    """Who writes: the site, who answers for it, where an answer goes, on whose authority."""

    site: str
    owner: str
    contact: str
    authority: str


class Draft(msgspec.Struct, frozen=True):
    """Everything in a letter. `written` and `due` are ISO dates, `due` "" where no answer is asked for.

    `demand` is the reference of the deletion demand that a form of confirmation goes with. `asked` is what the ledger
    was asked for the evidence, None where an earlier himaya drafted.
    """

    id: str
    case: str
    kind: str
    language: str
    country: str
    sender: Sender
    to: Addressee
    bases: tuple[str, ...]
    urls: tuple[str, ...]
    written: str
    due: str
    annex: str
    annex_sha256: str
    evidence: Evidence
    practice: bool = False
    demand: str = ""
    asked: About | None = None

    @property
    def reference(self) -> str:
        """Return by what both sides call it."""
        return f"{self.case}/{self.id}"

    def sealed(self, keys: Keys) -> str:
        """Return it as the register keeps it: the recipient may be a person."""
        return keys.seal_text(msgspec.json.encode(self).decode())


def opened(sealed: str, keys: Keys) -> Draft:
    """Return the draft of `Draft.sealed`. Raises LedgerError when it does not open."""
    return msgspec.json.decode(keys.open_text(sealed), type=Draft)


def check(draft: Draft) -> list[str]:
    """Return what a person should know before it is sent. Raises InputError for what cannot be a letter."""
    form = form_of(draft.kind)
    draft.to.check(form.party)
    check_bases(draft.bases)
    _check_urls(draft.urls, wanted=form.urls)
    if form.reply and not draft.due:
        raise InputError("an answer is asked for: say until when with --due 2026-12-31")
    if draft.due and date.fromisoformat(draft.due) <= date.fromisoformat(draft.written):
        raise InputError(f"--due {draft.due} is not after the day the letter is written")
    if not draft.evidence.rows:
        raise InputError(
            "the ledger has no row of these actors in this period; there is no evidence"
        )
    return [*_unsupported(draft), *_doubts(draft)]


def _check_urls(urls: tuple[str, ...], *, wanted: bool) -> None:
    if wanted != bool(urls):
        raise InputError(
            "say where it is: --url"
            if wanted
            else "--url goes with a host, registrar or marketplace"
        )
    if len(urls) > MOST_URLS or any(len(one) > LONGEST_URL for one in urls):
        raise InputError(
            f"a letter names at most {MOST_URLS} places of at most {LONGEST_URL} characters"
        )


def _unsupported(draft: Draft) -> list[str]:
    """Return the grounds for which the evidence has nothing."""
    evidence = draft.evidence
    has = {
        "terms": any(part.name for part in evidence.terms),
        "keys": any(part.name == "key" for part in evidence.access),
        "people": True,
        "circumvention": evidence.circumvention.is_any,
    }
    return [
        f"basis {one}: the evidence has nothing for it ({BASES[one]})"
        for one in draft.bases
        if not has[BASES[one]]
    ]


def _doubts(draft: Draft) -> list[str]:
    found = []
    if draft.to.sure != "proven":
        found.append(f"the recipient is {draft.to.sure}, not proven; others may share an address")
    if draft.evidence.unobserved:
        found.append(f"{len(draft.evidence.unobserved)} periods were not observed")
    return found
