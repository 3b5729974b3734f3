"""What the commands about cases share: the register and the ledger beside each other, and who acts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.config.response import Response
    from himaya.ledger.reader import Reader
    from himaya.response.cases import Act, Case, Register
    from himaya.response.regimes import Table

_Command = TypeVar("_Command", bound=Callable[..., Any])
_CONFIG = "himaya.toml"

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help=f"Configuration; default: {_CONFIG}, where there is one.",
)


def desk_options(command: _Command) -> _Command:
    """Add the options of a ledger, and `--config FILE`."""
    return shared.ledger_options(config_option(command))


class Desk:
    """The register of a site, opened for one command by whoever acts. A context manager."""

    def __init__(
        self, command: str, directory: Path, key_file: Path | None, config: Path | None
    ) -> None:
        """Check that whoever acts may run `command`, and open the register. Raises HimayaError."""
        from himaya.bootstrap.register import mirror_groups, open_register
        from himaya.ledger.schema import micros

        shared.allow_in(directory, key_file, command)
        self.directory, self.key_file = directory, key_file
        self.config = load_config(config)
        self.register: Register = open_register(directory, key_file, self.config)
        self.now = micros(time.time())
        try:
            mirror_groups(self.register, directory, self.now, self.config)
        except BaseException:
            self.register.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.register.close()

    def act(
        self,
        case: str,
        kind: str,
        *,
        why: str = "",
        when: int = 0,
        data: dict[str, Any] | None = None,
    ) -> Act:
        """Return an act of whoever runs the command, not written down yet."""
        from himaya.response.cases import Act

        return Act(
            case=case,
            kind=kind,
            at=self.now,
            by=shared.operator(),
            role=shared.role(),
            why=why.strip(),
            when=when,
            data=data or {},
        )

    def do(self, case: str, kind: str, *, why: str = "", when: int = 0, **data: object) -> Case:
        """Write an act down and return the case as it stands then. Raises InputError, ServiceError."""
        return self.do_all([self.act(case, kind, why=why, when=when, data=data)])

    def do_all(self, acts: Sequence[Act]) -> Case:
        """Write acts down, all or none, and return the case of the first one; its groups follow, and so the gate."""
        from himaya.bootstrap.register import mirror_groups

        self.register.add_all(acts)
        mirror_groups(self.register, self.directory, self.now, self.config)
        return self.register.case(acts[0].case)

    @property
    def settings(self) -> Response:
        """Return `[response]`, its defaults where no configuration is named."""
        from himaya.config.response import Response

        return self.config.response if self.config else Response()

    @property
    def regimes(self) -> Table:
        """Return the regimes of the package with the site's own over them. Raises ConfigError."""
        from himaya.response.regimes import load_regimes

        return load_regimes(self.settings.regimes)

    def authority(self, country: str) -> str:
        """Return who the authority of a country is, and where; "" where the table has no rule for it."""
        found = self.regimes.regimes_for(country) if country else []
        return f"{found[0].authority.name} ({found[0].authority.url})" if found else ""

    def reader(self) -> Reader:
        """Open the ledger for questions; each is to be recorded (`ledger_options.record_use`)."""
        from himaya.ledger.reader import Reader

        return Reader.open(self.directory, self.key_file)


def owner_of(desk: Desk) -> str:
    """Return who answers for a new case where nobody is named: the owner of the configuration, "" without one."""
    return desk.config.owner.name if desk.config else ""


def load_config(path: Path | None) -> Config | None:
    """Return the configuration that is named, else the one in this directory, else none. Raises ConfigError."""
    from himaya.config import load

    if path is None and not Path(_CONFIG).is_file():
        return None
    return load(path or Path(_CONFIG))


def bounds(start: str | None, end: str | None) -> tuple[int, int]:
    """Return a period in microseconds, 0 for what is not said; a bare last date includes its day. Raises InputError."""
    from himaya.ledger.names import parse_time

    first = parse_time(start) if start else 0
    last = parse_time(end, end=True) if end else 0
    if first and last and first >= last:
        raise InputError("--from is not before --to")
    return first, last


def moment(text: str | None) -> int:
    """Return a time as microseconds, 0 for none: ISO 8601, UTC where no zone is named. Raises InputError."""
    if not text:
        return 0
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InputError(f"{text!r} is no time; write 2026-12-23T18:00:00Z") from problem
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)
