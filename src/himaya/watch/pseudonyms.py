"""Names replaced for results that leave the house.

The key is made for one result and kept nowhere: within it the same name has the same pseudonym, and no
list of names can be tried against it later.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b

import msgspec

from himaya.watch.result import ActorResult, GroupResult, MalformedSample, ScanResult


class Pseudonyms:
    """Maps names such as `account:u1` to `account:p-3f9a0c17d2`."""

    def __init__(self, key: bytes | None = None) -> None:
        """Make a fresh key unless one is given."""
        self._key = key or secrets.token_bytes(32)

    def name(self, name: str) -> str:
        """Return the pseudonym of a name; its kind stays."""
        kind, _, rest = name.partition(":")
        digest = blake2b(f"{kind}:{rest}".encode(), key=self._key, digest_size=5).hexdigest()
        return f"{kind}:p-{digest}"


def pseudonymous(result: ScanResult, names: Pseudonyms) -> ScanResult:
    """Return a result without accounts, addresses, paths of people or lines of the log."""
    return msgspec.structs.replace(
        result,
        pseudonymous=True,
        actors=tuple(_actor(actor, names) for actor in result.actors),
        groups=tuple(_group(group, names) for group in result.groups),
        surfaces=tuple(msgspec.structs.replace(s, samples=()) for s in result.surfaces),
        malformed_samples=tuple(_sample(one) for one in result.malformed_samples),
    )


def _actor(actor: ActorResult, names: Pseudonyms) -> ActorResult:
    return msgspec.structs.replace(actor, actor=names.name(actor.actor))


def _group(group: GroupResult, names: Pseudonyms) -> GroupResult:
    return msgspec.structs.replace(group, members=tuple(map(names.name, group.members)))


def _sample(one: MalformedSample) -> MalformedSample:
    return msgspec.structs.replace(one, text="(not shown)" if one.text else "")
