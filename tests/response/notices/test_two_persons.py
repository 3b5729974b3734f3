"""Where operators are enrolled, one person drafts a notice and another one, of a legal role, releases it."""

from __future__ import annotations

import json

from tests.ledger.crew import crew, run
from tests.response.notices.rig import Rig


def test_who_drafted_does_not_release(tmp_path):
    """An analyst drafts and may not release; legal drafts and does not release their own; the DPO releases it."""
    rig = Rig(tmp_path, {"ES": 2})
    passes = crew(tmp_path, rig.ledger)

    def notice(name: str, verb: str, *words: str, code: int = 0) -> str:
        where = ("--ledger", rig.ledger, "--config", rig.config, "--as", passes.a_pass(name))
        return run("case", "notify", verb, *where, *words, code=code)

    about = (
        "draft",
        rig.case,
        "--country",
        "ES",
        "--party",
        "people",
        "--set",
        "measures=x",
        "--json",
    )
    by_analyst, by_legal = (json.loads(notice(who, *about))["id"] for who in ("analyst", "legal"))
    said = notice("analyst", "release", rig.case, by_analyst, "--why", "x", code=2)
    assert "may not" in said or "role" in said
    said = notice("legal", "release", rig.case, by_legal, "--why", "x", code=2)
    assert "legal drafted it; somebody else releases it" in said
    notice("dpo", "release", rig.case, by_legal, "--why", "checked")
    notice("legal", "release", rig.case, by_analyst, "--why", "checked")
    notice("auditor", "show", rig.case, code=2)
