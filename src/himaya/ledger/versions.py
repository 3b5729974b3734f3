"""The configurations that were in force, from the chain: when, which policy, with what forecast, and their text."""

from __future__ import annotations

import hashlib

import msgspec

from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys
from himaya.ledger.state import State, read_state


class Version(msgspec.Struct, frozen=True):
    """A configuration, in force from `at` until `until` ("": still), both ISO 8601 UTC.

    `config` and `policy` are the hashes that `himaya status` shows. `mode` is "" where a log was read.
    `forecast` and `without` say what is on record about enforcing its policy. `text` is a whole himaya.toml.
    """

    at: str
    until: str
    policy: str
    config: str
    mode: str
    forecast: e.Forecast | None
    without: e.Unforecast | None
    text: str

    def words(self) -> str:
        """Return in a few words what is on record about enforcing this version."""
        if self.mode != "enforce":
            return "nothing is enforced" if self.mode else "read a log"
        if self.forecast is not None:
            return f"forecast {self.forecast.at}: {self.forecast.summary}"
        if self.without is None:
            return "in force without a forecast on record"
        return f"without a forecast ({self.without.how})" + (
            f": {self.without.why}" if self.without.why else ""
        )


def versions(chain: Chain, keys: Keys) -> list[Version]:
    """Return the versions in the order of time; a restart under the same one begins no other.

    Raises LedgerError when the chain is damaged or a text does not open.
    """
    state = read_state(chain)
    texts = {entry.digest: keys.open_text(entry.text) for entry in state.configs if entry.text}
    found: list[Version] = []
    for entry in state.configs:
        text = texts.get(entry.digest, "")
        version = _version(entry, text, state, keys)
        last = found[-1] if found else None
        if last and (last.config, last.mode) == (version.config, version.mode):
            continue
        if last:
            found[-1] = msgspec.structs.replace(last, until=entry.at)
        found.append(version)
    return found


def _version(entry: e.Config, text: str, state: State, keys: Keys) -> Version:
    without = state.unforecast.get(entry.policy)
    if without is not None:
        why, by = (keys.open_text(t) if t else "" for t in (without.why, without.by))
        without = msgspec.structs.replace(without, why=why, by=by)
    forecast = state.forecasts.get(entry.policy)
    if forecast is not None:
        forecast = msgspec.structs.replace(forecast, by=keys.open_text(forecast.by))
    return Version(
        at=entry.at,
        until="",
        policy=entry.policy,
        config=hashlib.sha256(text.encode()).hexdigest()[:16],
        mode=entry.mode,
        forecast=forecast,
        without=without,
        text=text,
    )


def earlier(found: list[Version], to: str = "") -> Version:
    """Return the version to go back to: the last one that a gate had before the one in force, or the one named.

    `to` is the beginning of a hash of configuration or policy, eight characters or more. Raises InputError.
    """
    gates = [version for version in found if version.mode]
    if not to:
        other = [one for one in gates if one.config != gates[-1].config]
        if not other:
            raise InputError("there is no earlier version that a gate had in force")
        return other[-1]
    if len(to) < 8:
        raise InputError(f"--to {to}: name at least 8 characters of a hash")
    named = [one for one in found if one.config.startswith(to) or one.policy.startswith(to)]
    if not named:
        raise InputError(f"--to {to}: no version with this hash; see: himaya config history")
    return named[-1]
