"""Defences: what stands between clients and the site. Each is asked about every request, in the order of time.

base      what every defence offers
none      lets everything pass
himaya    the product: its engine, its configuration, its runner, its ledger
limits    models of the rules that sites use today, one file per program
"""

from __future__ import annotations
