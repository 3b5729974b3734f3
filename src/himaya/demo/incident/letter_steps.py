"""The fourth part: letters to whoever took the data, their annex beside the ledger, the confirmed deletion, the end."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from himaya.core.errors import ServiceError
from himaya.demo.incident.hands import LEDGER
from himaya.demo.incident.operators import ANALYST, DPO, LEGAL
from himaya.demo.incident.tale import Step, Tale

#: Where letters and annexes are written.
LETTERS = Path("letters")
_TO = "Collector Ltd (invented)"
_SIGNED = Path("letters/signed-confirmation.txt")
_DAYS = 14


def _drafted(tale: Tale) -> str:
    for kind in ("deletion", "confirmation"):
        _draft(tale, kind)
    check_annex(tale)
    evidence = tale.annex["annex"]["evidence"]
    counts = f"{evidence['rows']:,} records of {evidence['people']:,} people"
    return f"a demand of deletion and its form; the annex counts {counts}"


def _draft(tale: Tale, kind: str) -> None:
    due = (datetime.now(UTC) + timedelta(days=_DAYS)).date().isoformat()
    date = ("--due", due) if kind == "deletion" else ()
    told = tale.told(
        ANALYST, "letter draft", "--kind", kind, "--to", _TO, "--contact", "1 Invented Street, Nowhere",
        "--established", "account_record", "--sure", "likely", "--basis", "terms", "--basis",
        "data_protection", *date, "--out", LETTERS, "--why", f"letter of the case: {kind}",
    )  # fmt: skip
    tale.letters[kind] = told["letter"]
    if kind == "deletion":
        (annex,) = (Path(one) for one in told["files"] if one.endswith("-annex.json"))
        tale.annex = {**msgspec.json.decode(annex.read_bytes()), "file": str(annex)}
        same = hashlib.sha256(annex.read_bytes()).hexdigest() == told["annex_sha256"]
        tale.check("the annex is the one whose SHA-256 stands in the register", holds=same)


def check_annex(tale: Tale) -> None:
    """Compare every count of the annex with what `himaya who` answers, and with the farm's own disk."""
    told = tale.hands.told(
        LEGAL, "who", "--ledger", LEDGER, "--case", tale.case, "--why", "beside the annex"
    )
    evidence = tale.annex["annex"]["evidence"]
    rows = sum(one["times"] for one in told["subjects"])
    for beside, words, mine, theirs in (
        ("ledger", "people", evidence["people"], told["people"]),
        ("ledger", "records", evidence["rows"], rows),
        ("farm", "accounts", evidence["actors"], len(tale.played.accounts)),
        ("the farm's disk", "people", evidence["people"], len(tale.played.disk)),
        ("the count of the case", "people", evidence["people"], sum(tale.countries.values())),
    ):
        tale.check(f"annex and {beside}: {mine:,} and {theirs:,} {words}", holds=mine == theirs)
    _check_fields(tale, evidence, told)
    check_names(tale)


def _check_fields(tale: Tale, evidence: dict[str, Any], told: dict[str, Any]) -> None:
    """Compare the people of each field in the annex with the answer of the ledger."""
    fields: dict[str, int] = {}
    for one in told["subjects"]:
        for field in one["fields"]:
            fields[field] = fields.get(field, 0) + 1
    annexed = {one["name"]: one["people"] for one in evidence["fields"]}
    tale.check(
        f"annex and ledger: the people of each of {len(fields)} fields", holds=annexed == fields
    )


def check_names(tale: Tale) -> None:
    """Look for anybody's handle, name, mail address or telephone in every file of the letters."""
    texts = [path.read_text("utf-8") for path in LETTERS.iterdir() if path.suffix != ".pdf"]
    taken = [one for one in tale.people if one.handle in tale.played.disk]
    known = [word for one in taken for word in (one.email, one.phone, one.name, f'"{one.handle}"')]
    named = sum(word in text for text in texts for word in known)
    tale.check(f"nobody of {len(taken):,} people is named in letters or annex", holds=named == 0)


def _sent(tale: Tale) -> str:
    tale.do(
        DPO, "letter researcher", "--answer", "no", "--why", "no research or journalism is known of"
    )
    for kind, name in tale.letters.items():
        tale.do(LEGAL, "letter release", name, "--why", "read with its annex", "--out", LETTERS)
        if kind == "deletion":
            tale.do(DPO, "letter sent", name, "--how", "not really: the recipient is invented")
    return f"{LEGAL} released what {ANALYST} drafted, after somebody looked whether the recipient does research"


def _answered(tale: Tale) -> str:
    _SIGNED.write_text(
        "INVENTED. Collector Ltd confirms that all copies were deleted. Signed: nobody.\n"
    )
    scope = "all copies; nothing was kept (invented)"
    tale.do(LEGAL, "letter confirm", tale.letters["deletion"], "--file", _SIGNED, "--scope", scope,
            "--why", "the signed form came back")  # fmt: skip
    tale.do(LEGAL, "letter show")
    return "the deletion is confirmed in writing; the form is kept, encrypted"


def _closed(tale: Tale) -> str:
    tale.do(DPO, "notified", "--why", "authorities and people of every line were told")
    tale.do(LEGAL, "close", "--why", "told, deleted, limits compared")
    shown = tale.told(ANALYST, "show")
    tale.check(f"case {tale.case} is closed", holds=shown["state"] == "closed")
    return f"{tale.case} is {shown['state']}, {len(shown['log'])} entries"


def _verified(tale: Tale) -> str:
    register = tale.hands.do(DPO, "case", "verify", "--ledger", LEDGER)
    ledger = tale.hands.do(DPO, "ledger", "verify", "--ledger", LEDGER)
    tale.check("every entry of the register is as it was written", holds="as written" in register)
    if not ledger.strip():
        raise ServiceError("`himaya ledger verify` said nothing")
    return f"register: {register.strip()} Ledger: {ledger.strip().splitlines()[-1]}"


STEPS = (
    Step("letters", "A letter and its annex", _drafted),
    Step("sent", "Another person releases it", _sent),
    Step("answered", "The deletion is confirmed", _answered),
    Step("closed", "The case ends", _closed),
    Step("verified", "Everything is checked", _verified),
)
