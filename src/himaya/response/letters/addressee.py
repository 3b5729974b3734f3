"""Whom a letter goes to: how that was established, and how sure it is. An address alone names nobody."""

from __future__ import annotations

from typing import Final

import msgspec

from himaya.core.errors import InputError
from himaya.response.letters.forms import Party

#: How an identity was established, and which parties it can name.
ESTABLISHED: Final[dict[str, frozenset[Party]]] = {
    "account_record": frozenset({"scraper"}),
    "api_contract": frozenset({"scraper"}),
    "company_record": frozenset({"scraper", "marketplace"}),
    "court_order": frozenset({"scraper"}),
    "asn_owner": frozenset({"host"}),
    "abuse_contact": frozenset({"host", "registrar", "marketplace"}),
    "registrar_record": frozenset({"registrar"}),
    "offer_page": frozenset({"marketplace"}),
    "address": frozenset(),
}

#: How sure a person is: proven by a document, likely from several records, or claimed by the recipient alone.
SURE: Final = ("proven", "likely", "claimed")


class Addressee(msgspec.Struct, frozen=True):
    """Who is written to. `name` and `contact` are as a person gave them."""

    name: str
    contact: str
    established: str
    sure: str

    def check(self, party: Party) -> None:
        """Raise InputError when what was established does not name such a party."""
        if not self.name.strip() or not self.contact.strip():
            raise InputError("a letter needs a recipient: --to NAME --contact WHERE")
        if self.established == "address":
            raise InputError(
                "an address names a connection, and nobody: who used it is not known from it. Write to its"
                " provider: --kind host --established abuse_contact"
            )
        if self.established not in ESTABLISHED:
            raise InputError(
                f"there is no way {self.established!r} to establish who somebody is; there are:"
                f" {', '.join(ESTABLISHED)}"
            )
        if party not in ESTABLISHED[self.established]:
            fit = [name for name, parties in ESTABLISHED.items() if party in parties]
            raise InputError(
                f"{self.established} does not say who the {party} is; what does: {', '.join(fit)}"
            )
        if self.sure not in SURE:
            raise InputError(f"how sure is it? --sure {' or '.join(SURE)}")
