"""Anchoring: the head of the ledger's chain is deposited outside this machine, so that a rewritten chain is noticed.

A seal proves that nothing changed since it was made, to somebody who saw it then. Read in this order:

    deposit     what leaves the machine: how far the chain reached, signed; no name is in it
    place       what a place is; `directory`, `repository`, `stamps`, `objects` and `mail` are five
    places      the places of a configuration
    keep        deposits when it is time, enters them in the chain, remembers what failed
    check       does the chain still contain what was deposited
"""

from __future__ import annotations

from himaya.anchoring.check import Checked, Compared, check
from himaya.anchoring.deposit import Deposit
from himaya.anchoring.keep import Anchoring, Done
from himaya.anchoring.place import Found, Place
from himaya.anchoring.places import places_of

__all__ = [
    "Anchoring",
    "Checked",
    "Compared",
    "Deposit",
    "Done",
    "Found",
    "Place",
    "check",
    "places_of",
]
