"""All regimes together: which of them apply to people of a country."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from himaya.core.errors import ConfigError, InputError
from himaya.response.regimes.reading import Entry, read_all
from himaya.response.regimes.regime import Regime


class Table:
    """The regimes of a site, in the order of their ids. `own` names the site's file of those that it changed."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take entries whose files were checked; `clashes` says what does not fit together."""
        found = list(entries)
        self.regimes = tuple(entry.regime for entry in found)
        self.own = {entry.regime.id: entry.own for entry in found if entry.own}
        self._by_id = {regime.id: regime for regime in self.regimes}
        self._by_country: dict[str, list[Regime]] = {}
        for regime in self.regimes:
            for code in regime.countries:
                self._by_country.setdefault(code, []).append(regime)

    def get(self, name: str) -> Regime:
        """Return a regime by its id. Raises InputError when there is none."""
        found = self._by_id.get(name.lower())
        if found is None:
            raise InputError(f"there is no regime {name!r}; there are: {', '.join(self._by_id)}")
        return found

    def lead(self, code: str) -> Regime | None:
        """Return the regime of several countries whose lead authority a code names, such as EU; else None."""
        found = self._by_id.get(code.lower())
        return found if found and code.upper() not in found.countries else None

    def led(self, code: str, countries: Iterable[str]) -> list[str]:
        """Return those of some countries for which a notice to the lead authority of `code` speaks."""
        lead = self.lead(code)
        return [one for one in countries if lead and self.regimes_for(one)[:1] == [lead]]

    def regimes_for(self, country: str) -> list[Regime]:
        """Return the regimes for people of a country (ISO 3166: ES, CA-QC), those of its part first.

        Empty: no rule in the table, which is a line of its own in every count.
        """
        code = country.upper()
        found = list(self._by_country.get(code, ()))
        whole = code.partition("-")[0]
        return found + (self._by_country.get(whole, []) if whole != code else [])


def load_regimes(directory: Path | str | None = None) -> Table:
    """Return the regimes of the package with a site's own over them; "" or None: none. Raises ConfigError."""
    return _load(str(directory)) if directory else _shipped()


def _load(directory: str) -> Table:
    table, errors = examine_regimes(directory)
    if errors:
        raise errors[0]
    return table


@cache
def _shipped() -> Table:
    """Return the package's own table; its files do not change while a process runs."""
    return _load("")


def examine_regimes(directory: Path | str | None) -> tuple[Table, list[ConfigError]]:
    """Return the regimes that can be used, and every mistake in the files."""
    entries, errors = read_all(Path(directory) if directory else None)
    return Table(entries), errors


def regimes_for(country: str, table: Table | None = None) -> list[Regime]:
    """Return the regimes for people of a country, of the package's table where no other is given."""
    return (table or load_regimes()).regimes_for(country)
