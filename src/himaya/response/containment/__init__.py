"""Containment: the actors of a case spend one budget or are blocked, and their sessions and keys end.

`holding` does what the gate obeys, `revoking` tells the application's identity system.
"""

from __future__ import annotations

from himaya.response.containment.holding import hold as hold
from himaya.response.containment.holding import hold_of as hold_of
from himaya.response.containment.holding import release as release
from himaya.response.containment.revoking import Revocation as Revocation
from himaya.response.containment.revoking import Told as Told
from himaya.response.containment.revoking import tell as tell
