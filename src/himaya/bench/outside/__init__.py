"""Attackers and crowds from files that are not ours: loaded from any path, checked, and never trusted.

    within    runs their code under a time limit; whatever goes wrong becomes an InputError with file and line
    source    one file: read, parsed, executed; where its classes and their words stand
    plans     what an attacker's parameters may be
    attackers `--attackers FILE.py`
    crowds    `--crowd FILE.py`

The limits are against mistakes, not against malice: a file is code of whoever names it, and runs with their rights.
"""

from himaya.bench.outside.attackers import OutsideAttacker, blaming, guard_for, load_attackers
from himaya.bench.outside.crowds import OutsideGroup, load_crowd
from himaya.bench.outside.within import LIMIT_S

__all__ = [
    "LIMIT_S",
    "OutsideAttacker",
    "OutsideGroup",
    "blaming",
    "guard_for",
    "load_attackers",
    "load_crowd",
]
