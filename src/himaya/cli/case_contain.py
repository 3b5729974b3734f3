"""`himaya case contain` and `uncontain`: hold the actors of a case, end their sessions and keys, and take it back."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options
from himaya.core.errors import InputError, ServiceError

if TYPE_CHECKING:
    from himaya.response.actors import Names
    from himaya.response.cases import Act, Case
    from himaya.response.containment import Revocation, Told

#: How far back sessions are looked for, seconds: an older one is over, or came again since.
_SESSIONS_S = 31 * 86400

_WHY = click.option("--why", required=True, help="Why; it stays in the case's register.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("name")
@desk_options
@_WHY
@click.option(
    "--budget", "way", flag_value="budget", default=True,
    help="Let the actors spend [budgets] group together, one for every group. This is the default.",
)  # fmt: skip
@click.option(
    "--block", "way", flag_value="block", help="Block the addresses they come from as well."
)
@click.option("--others", is_flag=True, help="Also members of its groups who are not proven.")
@click.option("--keep-sessions", is_flag=True, help="Leave sessions and keys alone.")
@_JSON
def contain(  # noqa: PLR0913  (the options of the command)
    name: str,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    why: str,
    way: str,
    *,
    others: bool,
    keep_sessions: bool,
    as_json: bool,
) -> None:
    """Hold the actors of a confirmed case, and have the application end their sessions and keys.

    A running gate obeys with its next question, within ten seconds. Undo it with `himaya case uncontain`.
    """
    reason = shared.purpose(why)
    with Desk("case contain", directory, key_file, config) as desk:
        hand = _Hand(desk, name, reason)
        hand.check("blocked")
        actors = hand.actors(others=others)
        group = hand.hold(actors, block=way == "block")
        told = {} if keep_sessions else hand.revoke(actors)
        if hand.case.state == "confirmed":
            hand.act("contained", hold=group, way=way)
        answer = {**_standing(hand.case), "group": group, "way": way, "actors": len(actors), **told}
        if way == "budget" and desk.config and desk.config.budgets.group is None:
            answer["note"] = "[budgets] group is not set, so this holds nobody; --block does"
    _print(answer, as_json=as_json)


@click.command()
@click.argument("name")
@desk_options
@_WHY
@click.option("--keep-sessions", is_flag=True, help="Do not have the application restore access.")
@_JSON
def uncontain(
    name: str,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    why: str,
    *,
    keep_sessions: bool,
    as_json: bool,
) -> None:
    """Take a containment back: its budget and blocks end, and the application may give access again."""
    from himaya.response.containment import release

    reason = shared.purpose(why)
    with Desk("case uncontain", directory, key_file, config) as desk:
        hand = _Hand(desk, name, reason)
        if not hand.case.holds:
            raise InputError(
                f"case {name} was not contained by a command; there is nothing to undo"
            )
        told = {} if keep_sessions else hand.restore()
        at = desk.now / 1e6
        ended, left = release(hand.case, directory, why=reason, by=shared.operator(), now=at)
        hand.act("unblocked", groups=ended)
        if hand.case.state == "contained":
            hand.act("uncontained")
        answer = {**_standing(hand.case), "ended": ended, "in force": left, **told}
    _print(answer, as_json=as_json)


class _Hand:
    """One containment: the case as it stands, and what is done about it, each step written down before the next."""

    def __init__(self, desk: Desk, name: str, why: str) -> None:
        self.desk, self.why = desk, why
        self.case: Case = desk.register.case(name)

    def check(self, kind: str) -> None:
        """Raise InputError when the case does not take an act, before anything is done."""
        from himaya.response.cases.conditions import check
        from himaya.response.cases.rules import check_act

        act = self._act(kind)
        check_act(kind, by=act.by, role=act.role, machine=False, why=act.why)
        check(self.case, act)

    def actors(self, *, others: bool) -> tuple[int, ...]:
        from himaya.response.actors import actors_of

        found = actors_of(self.case, self.desk.directory)
        chosen = found.everybody if others else found.certain
        if not chosen:
            more = f"; {len(found.others)} only look alike: --others" if found.others else ""
            raise InputError(f"case {self.case.id} has no actor that was proven or named{more}")
        return chosen

    def hold(self, actors: tuple[int, ...], *, block: bool) -> str:
        """Hold actors and return the group: the register first, so that nothing holds that it does not know of."""
        from himaya.response.containment import hold, hold_of

        by, now = shared.operator(), self.desk.now / 1e6
        group, way = hold_of(self.case, actors, now), "block" if block else "budget"
        self.act("blocked", group=group.id, way=way, actors=len(actors))
        hold(group, self.desk.directory, block=block, why=self.why, by=by, now=now)
        return group.id

    def tell(self, event: Literal["revoke", "restore"], actors: tuple[int, ...]) -> dict[str, Any]:
        """Have the identity system end (or give back) what the actors use; return what came of it.

        Names are looked up now, which the chain records, and are kept nowhere.
        """
        from himaya.response.containment import tell

        told = self.desk.config.response if self.desk.config else None
        if told is None or not told.revoke_url:
            return {"told": "not told: [response] revoke_url is not set"}
        order = self._order(event, self._names(actors))
        kind = "revoked" if event == "revoke" else "note"
        counts = {key: len(getattr(order, key)) for key in ("accounts", "keys", "sessions")}
        digest = hashlib.sha256(msgspec.json.encode(order)).hexdigest()
        self.act(kind, id=order.id, event=event, sha256=digest, actors=list(actors), **counts)
        return self._delivered(order, tell(order, told.revoke_url, told.revoke_secret_file), counts)

    def revoke(self, actors: tuple[int, ...]) -> dict[str, Any]:
        """Have their sessions and keys ended. Raises ServiceError, which says that the hold stands."""
        try:
            return self.tell("revoke", actors)
        except ServiceError as problem:
            raise ServiceError(
                f"{problem}; the hold stands: run it again, or with --keep-sessions"
            ) from problem

    def restore(self) -> dict[str, Any]:
        """Have the last revocation taken back, where there was one."""
        last = self.case.last("revoked")
        actors = tuple(last.data.get("actors", ())) if last else ()
        return self.tell("restore", actors) if actors else {}

    def act(self, kind: str, at: int = 0, **data: object) -> None:
        """Write an act down, at a time of its own (microseconds) where one is given."""
        self.desk.register.add(msgspec.structs.replace(self._act(kind, at), data=data))
        self.case = self.desk.register.case(self.case.id)

    def _act(self, kind: str, at: int = 0) -> Act:
        made = self.desk.act(self.case.id, kind, why=self.why)
        return msgspec.structs.replace(made, at=at) if at else made

    def _delivered(self, order: Revocation, told: Told, counts: dict[str, int]) -> dict[str, Any]:
        at = round(told.at * 1e6)
        took = round((at - self.desk.now) / 1e6, 3)
        self.act("delivered", at, id=order.id, said=told.said, tries=told.tries, took_s=took)
        return {"told": f"{told.said}, {took:g} s after the decision", "took_s": took, **counts}

    def _names(self, actors: tuple[int, ...]) -> Names:
        from himaya.response.actors import names_of

        with self.desk.reader() as reader:
            why = f"{self.why} (case {self.case.id}, {len(actors)} actors)"
            shared.record_use(reader, "case contain", why)
            return names_of(reader, actors, self.desk.now - _SESSIONS_S * 1_000_000)

    def _order(self, event: Literal["revoke", "restore"], names: Names) -> Revocation:
        from himaya.ledger.schema import iso
        from himaya.response.containment import Revocation

        return Revocation(
            id=secrets.token_hex(8),
            event=event,
            case=self.case.id,
            practice=self.case.practice,
            at=iso(self.desk.now),
            accounts=names.accounts,
            keys=names.keys,
            sessions=names.sessions,
        )


def _standing(case: Case) -> dict[str, Any]:
    return {"id": case.id, "state": str(case.state), "practice": case.practice}


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        shared.print_json(answer)
        return
    practice = "PRACTICE  " if answer["practice"] else ""
    click.echo(f"{practice}{answer['id']} is {answer['state']}.")
    for name in ("group", "way", "actors", "ended", "in force", "told", "note"):
        if name in answer:
            click.echo(shared.printable(f"  {name}: {answer[name]}"))
    name = answer["id"]
    undo = f"himaya case letter draft {name}, or undo it: himaya case uncontain {name}"
    again = (
        f"himaya case show {name} says what is missing; hold them again: himaya case contain {name}"
    )
    click.echo(f"Next: {again if 'ended' in answer else undo}")
