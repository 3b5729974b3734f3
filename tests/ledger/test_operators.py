"""Operators: keys, cards, passes, and which role may run which command."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import msgspec
import pytest
from tests.ledger.crew import PHRASE, Crew, crew, made, run
from tests.ledger.making import NOON, disclosed, write

from himaya import cli
from himaya.core.errors import InputError, LedgerError
from himaya.ledger.operators import enrolment, private, roles
from himaya.ledger.operators.standing import MAX_OPERATORS
from himaya.ledger.operators.statements import MAX_HOURS, card_id, written
from himaya.ledger.reader import Reader

CONFIG = '[site]\nname = "x"\n[ledger]\ndirectory = "l"\n'


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "ben"))
    (tmp_path / "himaya.toml").write_text(CONFIG)
    return tmp_path / "l"


def _leaves(command: click.Command, path: tuple[str, ...], ctx: click.Context):
    """Yield every command that does something, with its words."""
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            under = command.get_command(ctx, name)
            assert under is not None
            yield from _leaves(under, (*path, name), ctx)
    else:
        yield " ".join(path), command


def _commands() -> dict[str, click.Command]:
    return dict(_leaves(cli.group, (), click.Context(cli.group)))


#: `model check` comes to the ledger by the way of `model train`, once it has read a model.
LATER = {"model check"}
#: The least words with which a command comes as far as its ledger; others need --ledger alone.
WORDS = {
    "who": ["--actor", "account:u1", "--why", "t"],
    "access": ["--subject", "anna", "--why", "t"],
    "attribute": ["{log}", "--key", "id", "--format", "csv", "--why", "t"],
    "anchor now": ["--config", "{config}"],
    "anchor list": ["--config", "{config}"],
    "anchor check": ["--config", "{config}"],
    "report dpia": ["--config", "{config}"],
    "report surfaces": ["{log}", "--config", "{config}", "--why", "t"],
    "ledger compact": ["--subject", "anna", "--why", "t"],
    "ledger people": ["--why", "t"],
    "ledger publish": ["--to", "memory://copy"],
    "forget": ["--subject", "anna", "--why", "t"],
    "hold": ["--list"],
    "case find": ["--config", "{config}"],
    "case show": ["c1"],
    "case confirm": ["c1", "--why", "t"],
    "case close": ["c1", "--why", "t"],
    "case people": ["c1", "--why", "t"],
    "case compare": ["c1", "--why", "t"],
    "case request": ["--kind", "access", "--subject", "anna", "--why", "t"],
    "case answer": ["r1", "--why", "t"],
    "case deleted": ["--subject", "anna", "--why", "t"],
    "case open": ["--title", "x", "--why", "t"],
    "case ack": ["c1"],
    "case owner": ["c1", "dana"],
    "case note": ["c1", "--why", "t"],
    "case clock": ["c1", "--set", "aware", "--when", "2026-01-01", "--why", "t"],
    "case assess": ["c1", "--done", "--why", "t"],
    "case notified": ["c1", "--why", "t"],
    "case reopen": ["c1", "--why", "t"],
    "case merge": ["c1", "--into", "c2", "--why", "t"],
    "case split": ["c1", "--groups", "g1", "--why", "t"],
    "case attach": ["c1", "{log}", "--why", "t"],
    "case notify draft": ["c1", "--country", "ES", "--party", "people"],
    "case notify show": ["c1"],
    "case notify release": ["c1", "n1", "--why", "t"],
    "case notify withdraw": ["c1", "n1", "--why", "t"],
    "case notify send": ["c1", "n1"],
    "case notify receipt": ["c1", "n1", "--number", "7", "--when", "2026-01-01"],
    "case notify bounced": ["c1", "n1", "--file", "{log}"],
    "case contain": ["c1", "--why", "t"],
    "case uncontain": ["c1", "--why", "t"],
    "case letter researcher": ["c1", "--answer", "no", "--why", "t"],
    "case letter show": ["c1"],
    "case letter check": ["{log}"],
    "case letter release": ["c1", "l1", "--why", "t"],
    "case letter withdraw": ["c1", "l1", "--why", "t"],
    "case letter sent": ["c1", "l1", "--how", "post"],
    "case letter delivered": ["c1", "l1"],
    "case letter reply": ["c1", "l1", "--answer", "refused", "--why", "t"],
    "case letter confirm": ["c1", "l1", "--file", "{log}", "--scope", "all", "--why", "t"],
    "case letter remind": ["c1", "l1", "--due", "2027-01-01"],
    "case letter draft": [
        "c1",
        "--kind",
        "stop",
        "--to",
        "x",
        "--contact",
        "y",
        "--established",
        "account_record",
        "--sure",
        "proven",
        "--out",
        "{out}",
        "--why",
        "t",
    ],
    "case leak": ["{log}", "--key", "id", "--format", "csv", "--why", "t"],
    "case import": ["--csv", "{log}", "--why", "t"],
    "case claim": ["--from", "x", "--received", "2026-01-01", "--why", "t"],
    "case indicators": ["c1", "--stix", "{out}", "--why", "t"],
    "alert list": ["--config", "{config}"],
    "alert show": ["1", "--config", "{config}"],
    "alert ack": ["1", "--config", "{config}"],
    "block": ["--list", "--config", "{config}"],
    "canary make": ["--config", "{config}", "--count", "1", "--place", "a", "--out", "{out}"],
    "canary check": ["--config", "{config}", "--why", "t"],
    "forecast": ["--config", "{config}", "--why", "t"],
    "calibrate": ["--list"],
    "model train": ["--config", "{config}", "--why", "t", "--out", "{out}", "--labels", "{log}"],
    "scan": ["{log}"],
    "reconcile": ["{log}", "--config", "{config}", "--why", "t"],
    "audit bound": ["--why", "t"],
    "report weekly": ["--why", "t"],
    "config reload": ["--config", "{config}"],
    "config rollback": ["--config", "{config}"],
    "ledger sealing-key": ["--private", "{out}"],
    "ledger request": ["--case", "c1", "--why", "t"],
    "ledger backup": ["--to", "{out}", "--keep-days", "1"],
    "ledger restore": ["--from", "{ledger}"],
}


def _in_table(path: str) -> bool:
    """Tell whether a command asks under its own name, or under that of its group (`model train`)."""
    asks = bool(roles.needed(path) or roles.needed(path.split(maxsplit=1)[0]))
    return asks and path not in roles.WITHOUT_PASS


def test_every_command_is_in_the_table_of_roles():
    """A command of `himaya` either has roles that may run it, or a stated reason why it needs no pass."""
    for path in _commands():
        assert path in roles.WITHOUT_PASS or _in_table(path), (
            f"{path}: write it into ledger/operators/roles.py"
        )


def test_no_command_goes_on_without_a_pass(tmp_path, ledger):
    """With operators enrolled, each command that reads or changes the ledger is refused, and that is recorded."""
    crew(tmp_path, ledger, "owner")
    (tmp_path / "access.log").write_text("")
    known = {"config": "himaya.toml", "out": "out", "log": "access.log"}
    known = {name: tmp_path / place for name, place in known.items()} | {"ledger": ledger}
    seen = len(_entries(ledger))
    for path, command in _commands().items():
        if path in LATER or not _in_table(path):
            continue
        words = [word.format(**known) for word in WORDS.get(path, [])]
        if any("--ledger" in param.opts for param in command.params):
            words += ["--ledger", str(ledger)]
        said = run(*path.split(), *words, code=2)
        assert "himaya operator pass" in said, f"{path}: {said}"
        added = _entries(ledger)[seen:]
        assert [entry["kind"] for entry in added] == ["access_refused"], path
        needs = roles.needed(added[0]["command"], added[0].get("column", ""))
        assert set(added[0]["needs"]) == set(needs), path
        seen += 1


def _entries(ledger: Path) -> list[dict]:
    with Reader.open(ledger) as reader:
        return list(reader.log())


def _who(team: Crew, name: str, *about: str, code: int = 0) -> str:
    given = ["--as", team.a_pass(name)]
    return run("who", "--ledger", team.ledger, *about, "--why", "t", "--json", *given, code=code)


def test_roles_are_enforced_by_column(tmp_path, ledger):
    """An analyst asks about an actor and not about a person; legal and the DPO ask about both; others about none."""
    team = crew(tmp_path, ledger)
    actor, person = ("--actor", "account:u1"), ("--subject", "anna")
    for name in ("analyst", "legal", "dpo"):
        assert json.loads(_who(team, name, *actor))["people"] == 1
    for name in ("legal", "dpo"):
        assert json.loads(_who(team, name, *person))["count"] == 1
    for name in ("owner", "auditor"):
        assert "the role analyst or dpo or legal" in _who(team, name, *actor, code=2)
    said = _who(team, "analyst", *person, code=2)
    assert (
        said == "`who` about a subject is for the role dpo or legal: analyst has the role analyst"
    )


def test_the_chain_names_the_operator(tmp_path, ledger):
    """Who asked stands in the chain by the operator's name, and a refusal stands there, too."""
    team = crew(tmp_path, ledger)
    _who(team, "dpo", "--subject", "anna")
    _who(team, "auditor", "--subject", "anna", code=2)
    asked, refused = _entries(ledger)[-2:]
    assert (asked["kind"], asked["by"]) == ("access", "dpo")
    assert refused["kind"] == "access_refused"
    assert refused["needs"] == ("dpo", "legal")
    assert "auditor has the role auditor" in refused["by"]


def test_an_auditor_reads_the_log_without_names(tmp_path, ledger):
    """The log shows an auditor that somebody was asked for, and the DPO who."""
    team = crew(tmp_path, ledger)
    _who(team, "dpo", "--subject", "anna")
    log = ("ledger", "log", "--ledger", ledger, "--json", "--as")
    assert "anna" not in run(*log, team.a_pass("auditor"))
    assert "anna" in run(*log, team.a_pass("dpo"))


def test_the_pass_may_come_from_the_environment(tmp_path, ledger):
    """HIMAYA_PASS names the pass where `--as` is not given."""
    team = crew(tmp_path, ledger)
    env = {"HIMAYA_PASS": str(team.a_pass("auditor"))}
    assert run("ledger", "verify", "--ledger", ledger, env=env) == "Everything is as written.\n"


def test_without_operators_everything_is_as_before(ledger):
    """Where nobody is enrolled, the holder of the key file asks without a pass."""
    assert run("who", "--ledger", ledger, "--subject", "anna", "--why", "t")
    assert "every role" in run("operator", "list", "--ledger", ledger)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ledger": "0" * 16}, "is for the ledger 0000000000000000"),
        ({"end": 2**40}, f"longer than {MAX_HOURS} hours"),
        ({"start": 1, "end": 3601}, "is over, or has not begun"),
        ({"card": "1" * 24}, "of nobody who stands"),
        ({"name": "legal"}, "of nobody who stands"),
    ],
)
def test_a_wrong_pass_is_refused(tmp_path, ledger, wrong, said):
    """A pass for another ledger, for too long, at another time or of another card opens nothing."""
    team = crew(tmp_path, ledger, "owner", "dpo")
    given = team.a_pass("dpo", **wrong)
    words = ("who", "--ledger", ledger, "--subject", "anna", "--why", "t", "--as", given)
    assert said in run(*words, code=2)


def test_a_changed_pass_is_refused(tmp_path, ledger):
    """A pass whose hours were changed after it was signed opens nothing; nor does any other file."""
    team = crew(tmp_path, ledger, "owner", "dpo")
    given = team.a_pass("dpo")
    told = json.loads(given.read_text())
    given.write_text(json.dumps({**told, "end": told["end"] + 1}))
    words = ("who", "--ledger", ledger, "--subject", "anna", "--why", "t", "--as", given)
    assert "was changed" in run(*words, code=2)
    given.write_bytes(b"\xff\x00")
    assert "this is not a pass of himaya" in run(*words, code=2)


def test_a_retired_operator_acts_no_more(tmp_path, ledger):
    """An owner's statement ends what a pass is good for, at once; the last owner cannot be retired."""
    team = crew(tmp_path, ledger, "owner", "dpo")
    _who(team, "dpo", "--subject", "anna")
    team.enrol(enrolment.retirement("dpo", team.id, team.of["owner"], time.time()))
    assert "of nobody who stands" in _who(team, "dpo", "--subject", "anna", code=2)
    with pytest.raises(LedgerError, match="last owner"):
        team.enrol(enrolment.retirement("owner", team.id, team.of["owner"], time.time()))
    with pytest.raises(LedgerError, match="enrolled already"):
        team.enrol(enrolment.vouch(team.of["dpo"].card, team.of["owner"]))


def test_a_retirement_is_an_owners(tmp_path, ledger):
    """Nobody but a standing owner retires an operator, and only in the ledger they named."""
    team = crew(tmp_path, ledger, "owner", "dpo", "legal")
    with pytest.raises(LedgerError, match="no standing owner signed"):
        team.enrol(enrolment.retirement("dpo", team.id, team.of["legal"], time.time()))
    with pytest.raises(LedgerError, match="is for the ledger"):
        team.enrol(enrolment.retirement("dpo", "f" * 16, team.of["owner"], time.time()))


def test_the_first_card_is_an_owners(tmp_path, ledger):
    """The first card is believed as it is, loudly, and nobody but an owner can be the first."""
    dpo, owner = tmp_path / "dpo.key", tmp_path / "owner.key"
    for place, role in ((dpo, "dpo"), (owner, "owner")):
        made(place, role, role)
        (tmp_path / f"{role}.card").write_text(written(private.read(place, PHRASE).card))
    enrol = ("operator", "enrol", "--ledger", ledger)
    assert "the first operator is an owner" in run(*enrol, tmp_path / "dpo.card", code=2)
    said = run(*enrol, tmp_path / "owner.card")
    number = card_id(private.read(owner, PHRASE).card)
    assert "THE FIRST OWNER IS BELIEVED" in said
    assert number in said.replace(" ", "")
    assert "nobody who stands vouches" in run(*enrol, tmp_path / "dpo.card", code=2)


def test_a_card_is_vouched_for_by_an_owner(tmp_path, ledger):
    """A card that an analyst signed, or that was changed after signing, is not enrolled."""
    team = crew(tmp_path, ledger, "owner", "analyst")
    one = made(tmp_path / "x.key", "mole", "dpo")
    with pytest.raises(LedgerError, match="cannot vouch"):
        team.enrol(enrolment.vouch(one.card, team.of["analyst"]))
    card = enrolment.vouch(one.card, team.of["owner"])
    with pytest.raises(InputError, match="changed after it was made"):
        team.enrol(msgspec.structs.replace(card, role="legal"))
    with pytest.raises(LedgerError, match="changed after owner signed"):
        team.enrol(msgspec.structs.replace(card, signature="00" * 64))


def test_an_operator_replaces_their_own_key(tmp_path, ledger):
    """A new card signed with the old key takes its place when the role stays; the old pass ends."""
    team = crew(tmp_path, ledger, "owner", "dpo")
    old = team.of["dpo"]
    given = team.a_pass("dpo").read_text()
    grab = made(tmp_path / "grab.key", "dpo", "owner")
    with pytest.raises(LedgerError, match="cannot vouch"):
        team.enrol(enrolment.vouch(grab.card, old))
    new = made(tmp_path / "new.key", "dpo", "dpo")
    team.enrol(enrolment.vouch(new.card, old))
    team.of["dpo"] = new
    _who(team, "dpo", "--subject", "anna")
    (tmp_path / "old.pass").write_text(given)
    words = ("who", "--ledger", ledger, "--subject", "anna", "--why", "t")
    assert "nobody who stands" in run(*words, "--as", tmp_path / "old.pass", code=2)


def test_operators_are_bounded(tmp_path, ledger):
    """More than a stated number of operators do not stand at a time; the message says to retire one."""
    team = crew(tmp_path, ledger, "owner")
    for number in range(MAX_OPERATORS - 1):
        team.add(f"a{number}", "analyst")
    with pytest.raises(LedgerError, match="retire one first"):
        team.add("b", "analyst")


def test_an_entry_nobody_vouched_for_counts_for_nothing(tmp_path, ledger):
    """Whoever writes into the chain with the key file alone enrols nobody."""
    from himaya.ledger import entries as e

    team = crew(tmp_path, ledger, "owner")
    team.of["mole"] = made(tmp_path / "mole.key", "mole", "dpo")
    with Reader.open(ledger) as reader:
        card = team.of["mole"].card
        reader.chain.append(e.OperatorEnrolled(at="2025-06-15T12:00:00Z", card=card))
        assert len(reader.state().operators.problems) == 1
    assert "nobody who stands" in _who(team, "mole", "--subject", "anna", code=2)


def test_a_private_file_opens_with_its_passphrase_alone(tmp_path):
    """Another passphrase, a changed file, too much work for scrypt, a short passphrase: each is one sentence."""
    place = tmp_path / "k"
    made(place, "dpo", "dpo")
    assert place.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="passphrase is another"):
        private.read(place, PHRASE + " ")
    told = json.loads(place.read_text())
    for changed, said in (
        ({"card": {**told["card"], "role": "owner"}}, "passphrase is another"),
        ({"log_n": 40}, "more work"),
        ({"p": 10**9}, "more work"),
    ):
        place.write_text(json.dumps({**told, **changed}))
        with pytest.raises(InputError, match=said):
            private.read(place, PHRASE)
    with pytest.raises(InputError, match="shorter than"):
        private.create(tmp_path / "short", "dpo", "dpo", "short", "2025-06-15T12:00:00Z")


def test_operators_set_themselves_up_with_commands(tmp_path, ledger):
    """Two people make keys, an owner signs, the gate enrols, and a pass answers: by commands alone."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "phrase").write_text(PHRASE + "\n")
    phrase = ("--passphrase-file", home / "phrase")
    for role in ("owner", "dpo"):
        add = ("operator", "add", role, "--role", role, "--private", home / f"{role}.key")
        assert "stays with you" in run(*add, *phrase)
    enrol = ("operator", "enrol", "--ledger", ledger)
    run(*enrol, home / "owner.key.card")
    signed = run(
        "operator", "sign", home / "dpo.key.card", "--private", home / "owner.key", *phrase
    )
    (home / "dpo.signed").write_text(signed)
    run(*enrol, home / "dpo.signed")
    told = json.loads(run("operator", "list", "--ledger", ledger, "--json"))
    assert [(one["name"], one["vouched"]) for one in told["operators"]] == [
        ("owner", "first"),
        ("dpo", "owner"),
    ]
    own = ("--private", home / "dpo.key", *phrase)
    given = run("operator", "pass", *own, "--ledger-id", told["ledger"])
    (home / "pass").write_text(given)
    ask = ("who", "--ledger", ledger, "--subject", "anna", "--why", "t", "--json")
    assert json.loads(run(*ask, "--as", home / "pass"))["count"] == 1
    by = ("--private", home / "owner.key", *phrase, "--ledger-id", told["ledger"])
    (home / "gone").write_text(run("operator", "retire", "dpo", *by))
    assert run(*enrol, home / "gone") == "dpo acts no more.\n"
    assert "nobody who stands" in run(*ask, "--as", home / "pass", code=2)
