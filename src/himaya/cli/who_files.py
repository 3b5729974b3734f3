"""Files of people that `himaya who` writes for somebody outside, and what has to be said about each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.affected import Affected
    from himaya.ledger.reader import Reader


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are to be written, what for, who keeps them, and until when (microseconds, 0 never).

    `actor` are the surrogates of the actor whom the answer itself names.
    """

    output: Path | None = None
    parquet: Path | None = None
    salted: Path | None = None
    salt_file: Path | None = None
    purpose: str = ""
    holder: str = ""
    until: int = 0
    form: str | None = None
    actor: tuple[int, ...] = ()

    @classmethod
    def of(  # noqa: PLR0913  (the options of the command)
        cls,
        form: str | None,
        *,
        output: Path | None,
        parquet: Path | None,
        salted: Path | None,
        salt_file: Path | None,
        purpose: str,
        holder: str,
        until: str | None,
    ) -> Self:
        """Take the options. Raises InputError for a date that is none."""
        from himaya.ledger.names import parse_time

        return cls(
            output=output,
            parquet=parquet,
            salted=salted,
            salt_file=salt_file,
            purpose=purpose.strip(),
            holder=holder.strip(),
            until=parse_time(until, end=True) if until else 0,
            form=form,
        )

    def about(self, reader: Reader, actor: str | None) -> Self:
        """Return the same files of an answer about an actor, None for one that names no actor."""
        number = reader.facet(actor)[1] if actor is not None else 0
        return msgspec.structs.replace(self, actor=(number,) if number else ())

    @property
    def named(self) -> list[Path]:
        """Return the files that will name people."""
        return [path for path in (self.output, self.parquet, self.salted) if path is not None]

    def check(self, *, about_people: bool) -> None:
        """Raise InputError for what cannot be written, or of which something is not said."""
        if self.salt_file is not None and self.salted is None:
            raise InputError("--salt-file goes with --salted")
        if not self.named:
            return
        if not about_people:
            raise InputError(
                "files are lists of people: ask for an actor, a case, a group or actors"
            )
        if self.output is not None and self.form is None:
            raise InputError("--output goes with --json or --csv")
        written = [*self.named, *([self.salt] if self.salted else [])]
        if len({path.absolute() for path in written}) < len(written):
            raise InputError("two of the files are the same")
        shared.purpose(self.purpose, "--purpose")
        shared.purpose(self.holder, "--holder")
        if not self.until:
            raise InputError("--until is missing; a file that names people has an end")
        if self.until <= time.time() * 1e6:
            raise InputError("--until is over already")

    @property
    def salt(self) -> Path:
        """Return where the salt of `salted` stands."""
        return self.salt_file or Path(f"{self.salted}.salt")

    def words(self) -> str:
        """Return what the access log says of the files, "" for none."""
        if not self.named:
            return ""
        from himaya.ledger.schema import iso

        names = ", ".join(path.name for path in self.named)
        return f" [{names} for {self.holder} until {iso(self.until)}: {self.purpose}]"

    def write(self, reader: Reader, people: Affected, text: str) -> None:
        """Register and write every file; `text` is what would have been printed.

        Raises InputError, LedgerError, ServiceError.
        """
        from himaya.ledger import handing_out as out

        self._register(reader, people)
        if self.output is not None:
            out.write_private(self.output, text.encode())
        if self.parquet is not None:
            out.write_private(self.parquet, out.parquet(people.subjects, people.restricted))
        if self.salted is not None:
            out.write_private(self.salted, out.salted(people.subjects, out.salt_of(self.salt)))
        for path in self.named:
            click.echo(f"himaya: wrote {path}", err=True)
        if self.salted is not None:
            words = f"himaya: the salt is {self.salt}; who has both can try names one by one"
            click.echo(words, err=True)

    def _register(self, reader: Reader, people: Affected) -> None:
        """Note every file in the register of exports, before it is written. Raises LedgerError.

        What would have been printed names the actor, too, so an erasure of the actor lists that file.
        """
        from himaya.ledger import exports
        from himaya.ledger.schema import Kind

        subjects = [one.subject for one in people.subjects]
        shown = list(reader.identities.find_all(Kind.SUBJECT, subjects))
        for path in self.named:
            numbers = [*shown, *(self.actor if path is self.output else ())]
            exports.register(
                reader,
                purpose=self.purpose,
                holder=self.holder,
                until=self.until,
                subjects=numbers,
                path=path.absolute(),
                by=shared.operator(),
                now=time.time(),
            )
