"""REG-7: sessions and keys of a case's actors end within a minute of the decision."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.letter_desk import Desk
from tests.acceptance.promise import broken, require
from tests.response.crew_case import MEMBERS, Sink, Site


def sessions_end_within_a_minute(directory: Path, *words: str) -> None:
    """A case is contained while the application's identity system listens; recorded times are compared."""
    sink, site = Sink(), Site(directory)
    secret = directory / "secret"
    secret.write_text("s" * 40)
    secret.chmod(0o600)
    told = f'[response]\nrevoke_url = "{sink.url}"\nrevoke_secret_file = "secret"\n'
    desk = Desk(site.ledger, directory, told)
    try:
        case = desk.about(*MEMBERS)
        desk.told("contain", case, *words)
    finally:
        sink.close()
    acts = {act.kind: act for act in desk.case(case).acts("revoked", "delivered")}
    require("delivered" in acts, "the identity system was told")
    took = (acts["delivered"].at - acts["revoked"].at) / 1e6
    require(0 <= took < 60, "within a minute of the decision")
    (order,) = sink.orders()
    accounts = sorted(one.partition(":")[2] for one in MEMBERS if one.startswith("account:"))
    require(order["accounts"] == accounts, "of every account")
    require(order["keys"] == ["partner"], "and key")
    require(len(order["sessions"]) == 4, "and session of its actors")


def test_reg_7_sessions_end_within_a_minute(tmp_path):
    """One command has accounts, keys and sessions of a case ended in under a minute, by the times on record."""
    sessions_end_within_a_minute(tmp_path)


def test_reg_7_twin_sessions_end_within_a_minute(tmp_path):
    """With --keep-sessions nobody is told."""
    with broken("the identity system was told"):
        sessions_end_within_a_minute(tmp_path, "--keep-sessions")
