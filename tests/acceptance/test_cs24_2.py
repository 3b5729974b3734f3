"""CS24-2: a site that is no social network is protected with configuration only."""

from __future__ import annotations

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require

#: A public register of practitioners: no accounts, no sessions, and an application that knows nothing of himaya.
REGISTER = [
    {"id": "entry", "route": "/practitioners/{subject}", "fields": ["name", "email"]},
    {"id": "list", "route": "/register", "kind": "listing", "fields": ["name", "email"],
     "people": ["links"], "links": "/practitioners/{subject}", "max_people": 20},
]  # fmt: skip
ELSEWHERE = [{"id": "other", "route": "/staff/{subject}"}]


def the_register_is_protected(gate: Gate) -> None:
    """Somebody without an account reads the register page by page, then entry by entry."""
    with gate.visitor() as visitor:
        for page in range(4):
            visitor.get(f"/register?page={page}")
        for person in range(100, 140):
            visitor.get(f"/practitioners/p{person}")
        last = visitor.get("/register?page=9")
        require(len(visitor.obtained) == 100, "nobody past the 100th")
        require(last.status == 429, "what is over is refused")
        answer = gate.who(actor=f"address:{visitor.address}")
        told = {one["subject"] for one in answer["subjects"]}
        require(told == {f"p{n}" for n in visitor.obtained}, "the ledger knows who was obtained")


def test_cs24_2_configuration_only(gate):
    """A register of practitioners is held to its cap and answers who was shown, by its himaya.toml alone."""
    gate.configure(surface=REGISTER, budgets={"address": {"day": 100}})
    the_register_is_protected(gate)


def test_cs24_2_twin_configuration_only(gate):
    """With a configuration that does not name its routes, the register is not protected."""
    gate.configure(surface=ELSEWHERE, budgets={"address": {"day": 100}})
    with broken("nobody past the 100th"):
        the_register_is_protected(gate)
