"""Linking keys: what a front door sees that actors of one operation may share. None of them is proof."""

from __future__ import annotations

import msgspec

from himaya.analysis.groups.popularity import Id

#: Classes of actors: an account younger or older than the policy's age (or of unknown age), a key, nobody known.
YOUNG, OLD, KEYED, ANONYMOUS = "young", "old", "key", "anonymous"
_SPOKEN = {
    YOUNG: "new accounts",
    OLD: "accounts that are not new",
    KEYED: "API keys",
    ANONYMOUS: "visitors without an account",
}


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One view of one person, as the ledger holds it; ids are surrogates, or names where there is no ledger.

    `age_s` is below 0 when unknown.
    """

    at: float
    actor: Id
    person: Id
    access: str
    fingerprint: str = ""
    asn: int = 0
    tier: str = ""
    prefix: Id = 0
    age_s: float = -1.0


class Key(msgspec.Struct, frozen=True, gc=False, order=True):
    """One linking key: its kind (tool, network, provider, batch), its value, and the class of actors it links."""

    kind: str
    value: str
    among: str
    tier: str = ""

    def __str__(self) -> str:
        """Return the key in a form that is the same in every run."""
        tier = f"/{self.tier}" if self.tier else ""
        return f"{self.kind}:{self.value}/{self.among}{tier}"

    def words(self) -> str:
        """Return what links the members, without an identity."""
        what = {
            "tool": f"the same tool ({self.value})",
            "network": "the same network",
            "provider": f"the same provider (AS{self.value})",
            "batch": "the same hour of sign-up",
        }[self.kind]
        return f"{what}, {_SPOKEN[self.among]}"


def class_of(sighting: Sighting, new_s: float) -> str:
    """Return the class of whoever looked."""
    if sighting.access == "anonymous":
        return ANONYMOUS
    if sighting.access == "key":
        return KEYED
    return YOUNG if 0 <= sighting.age_s < new_s else OLD


#: Sign-ups longer ago than this make no batch.
_BATCH_S = 90 * 86400


def keys_of(sighting: Sighting, new_s: float) -> list[Key]:
    """Return the linking keys of whoever looked.

    A network links visitors and new accounts only: an old account in a campus or an office says nothing. A provider
    links within a tier.
    """
    among = class_of(sighting, new_s)
    found = []
    if sighting.fingerprint:
        found.append(Key("tool", sighting.fingerprint, among))
    if sighting.prefix and among in {YOUNG, ANONYMOUS}:
        found.append(Key("network", str(sighting.prefix), among))
    if sighting.asn:
        found.append(Key("provider", str(sighting.asn), among, sighting.tier))
    if 0 <= sighting.age_s < _BATCH_S:
        found.append(Key("batch", str(int((sighting.at - sighting.age_s) // 3600)), among))
    return found
