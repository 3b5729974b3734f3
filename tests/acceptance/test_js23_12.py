"""JS23-12: one credential in many places within minutes is flagged, and whoever else was there can be listed."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require


def many_places(gate: Gate, account: str) -> list[str]:
    """Use one cookie from 8 networks; return an address in each."""
    places = [gate.address() for _ in range(8)]
    with gate.visitor(account) as lent:
        for step, place in enumerate(places):
            lent.address = place
            assert lent.get(f"/u/p{step}").status == 200
    return places


def many_places_are_found(gate: Gate, name: str, wait_s: float) -> None:
    """One cookie comes from 8 networks; another moves between Wi-Fi and a mobile network, as a telephone does."""
    began = time.time()
    many_places(gate, f"{name}.lent")
    with gate.visitor(f"{name}.phone") as mobile:
        home, away = gate.address(), gate.address()
        for step in range(8):
            mobile.address = home if step % 2 else away
            mobile.get(f"/u/p{step}")
    found = gate.found("sharing", f"account:{name}.lent", wait_s=wait_s)
    require(found and found["value"] > 6, "one cookie on 8 networks is found")
    require(found["at"] - began < 600, "within ten minutes")
    require(not gate.found("sharing", f"account:{name}.phone"), "the telephone is not")


def others_there_are_listed(gate: Gate, name: str) -> None:
    """On 5 of the 8 networks others were seen: on one an account and a visitor, on others the same account."""
    places = many_places(gate, f"{name}.lent")
    with ExitStack() as stack:
        neighbour, friend, elsewhere = (
            stack.enter_context(gate.visitor(f"{name}.{each}"))
            for each in ("neighbour", "friend", "elsewhere")
        )
        visitor = stack.enter_context(gate.visitor())
        for each, at in [(neighbour, 0), (neighbour, 1), (neighbour, 2), (friend, 3), (visitor, 4)]:
            each.address = places[at].removesuffix("7") + "9"
            assert each.get("/u/p100").status == 200
        assert elsewhere.get("/u/p100").status == 200
    answer = beside(gate, f"account:{name}.lent")
    networks = [place.removesuffix("7") + "0/24" for place in places]
    require([one["network"] for one in answer["networks"]] == networks, "all 8 networks are listed")
    listed = {one["actor"]: one["networks"] for one in answer["others"]}
    require(
        listed
        == {
            f"account:{name}.neighbour": sorted(networks[:3]),
            f"account:{name}.friend": [networks[3]],
            f"address:{visitor.address}": [networks[4]],
        },
        "everybody else on them is listed, and where, and nobody else",
    )


def beside(gate: Gate, actor: str) -> dict:
    """Return what `himaya who --beside` answers."""
    gate.flush()
    about = ("--actor", actor, "--beside", "--why", "acceptance", "--json")
    return json.loads(gate.himaya("who", "--ledger", str(gate.ledger), *about))


def test_js23_12_many_places_are_found(gate, name):
    """One cookie on 8 networks within ten minutes is found; a telephone between two networks is not."""
    many_places_are_found(gate, name, wait_s=5)


def test_js23_12_twin_many_places_are_found(gate, name):
    """With the threshold out of reach nothing is found."""
    gate.configure(detectors={"sharing": {"networks": 1000}})
    with broken("one cookie on 8 networks is found"):
        many_places_are_found(gate, name, wait_s=0.4)


def test_js23_12_others_there_are_listed(gate, name):
    """Asked for the account, himaya lists its 8 networks and whoever else was on them, with their names."""
    others_there_are_listed(gate, name)


def test_js23_12_twin_others_there_are_listed(gate, name):
    """Where the front door's word for addresses is not believed, there is one network and nothing to tell."""
    gate.configure(actor={"trusted_proxies": []})
    with broken("all 8 networks are listed"):
        others_there_are_listed(gate, name)
