"""What others get: indicators without anybody's data, and one of the people an answer to their question."""

from __future__ import annotations

from pathlib import Path

from himaya.demo.incident.hands import LEDGER, case
from himaya.demo.incident.operators import ANALYST, DPO
from himaya.demo.incident.tale import Step, Tale

#: Where indicators and the answer are written.
INDICATORS, ANSWER = Path("indicators"), Path("answer")


def _indicators(tale: Tale) -> str:
    INDICATORS.mkdir()
    files = INDICATORS / "stix.json", INDICATORS / "misp.json"
    tale.do(ANALYST, "indicators", "--stix", files[0], "--misp", files[1],
            "--holder", "an invented neighbour", "--why", "so that they can look for it, too")  # fmt: skip
    taken = [one for one in tale.people if one.handle in tale.played.disk]
    text = "".join(path.read_text("utf-8") for path in files)
    named = sum(word in text for one in taken for word in (one.email, one.phone, one.name))
    tale.check(f"nobody of {len(taken):,} people is named in the indicators", holds=named == 0)
    return "what the farm came with, as STIX and for MISP, with nobody's data"


def _asked(tale: Tale) -> str:
    """Let one of the people ask what was shown of them, and answer from the ledger."""
    ANSWER.mkdir(mode=0o700)
    subject = min(tale.played.disk)
    home = next(one.country for one in tale.people if one.handle == subject)
    where = ("--country", home) if home else ()
    request = tale.hands.told(DPO, *case("request"), "--kind", "access", "--subject", subject, *where,
                              "--why", "asks who was shown their data")  # fmt: skip
    page = ANSWER / "answer.html"
    tale.hands.do(DPO, "case", "answer", request["id"], "--ledger", LEDGER, "--html", page,
                  "--text", ANSWER / "answer.txt", "--why", "answered in full")  # fmt: skip
    text = page.read_text("utf-8")
    others = sum(one.email in text for one in tale.people if one.handle != subject)
    tale.check(
        f"one person's question is a case of its own; the answer names {tale.case} and no other person",
        holds=tale.case in text and others == 0,
    )
    return f"{request['id']} is answered from the ledger, with its clock"


STEPS = (
    Step("indicators", "Others can look for it", _indicators),
    Step("asked", "One of the people asks", _asked),
)
