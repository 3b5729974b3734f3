"""The rules of cases: who may do what in which state, and what a refusal says."""

from __future__ import annotations

import itertools

import pytest
from tests.response.cases.conftest import KEYS
from tests.response.cases.making import AT, MINUTE, act, assessed, bring, counted, opened, sent

from himaya.core.errors import InputError
from himaya.response.cases import MACHINE, Register, State
from himaya.response.cases.acts import Act
from himaya.response.cases.conditions import next_steps
from himaya.response.cases.reasons import is_only_public
from himaya.response.cases.rules import ACTS, CLOCKS, OVER, REQUEST_WAY, WAY, check_act
from himaya.response.cases.tables import connect

ROLES = ("owner", "analyst", "legal", "dpo", "auditor")
#: What an act needs beside the state, in the cases of `making.way`.
DATA = {
    "owner": {"owner": "Dana"},
    "clock": {"clock": "aware"},
    "assessment": {"country": "FR", "authority": "notify", "people": "notify"},
    "counted": {"countries": {"ES": 1}},
    "merged": {"into": "c-2"},
    "split": {},
    "drafted": {"id": "n-1"},
    "released": {"id": "n-1"},
    "attached": {"id": "a", "sha256": "0" * 64},
    "closed": {"without_confirmation": "nobody is known"},
}


@pytest.fixture
def register(tmp_path):
    """Give an empty register in a file."""
    with Register(connect("", tmp_path / "ledger"), KEYS) as opened_one:
        yield opened_one


def refused(register: Register, one: Act) -> str:
    """Return why an act is refused, "" when it was taken and kept."""
    try:
        register.add(one)
    except InputError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize("state", State)
def test_every_act_is_taken_in_its_states_alone(register, state):
    """Each act in each state: where the table does not name the state it is refused, and the refusal says which."""
    bring(register, state)
    for kind, rule in ACTS.items():
        if kind == "opened":
            continue
        one = act(kind, data=DATA.get(kind, {}))
        said = refused_now(register, one)
        if state in rule.states:
            assert "is for one that is" not in said, (kind, state)
        else:
            names = [str(each) for each in State if each in rule.states]
            assert f"case c-1 is {state}" in said
            assert f"{kind!r} is for one that is {' or '.join(names)}" in said


def refused_now(register: Register, one: Act) -> str:
    """Return what the rules and the case say of an act, without writing it."""
    from himaya.response.cases.conditions import check

    try:
        check(register.case(one.case), one)
    except InputError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize(("kind", "role"), [*itertools.product(ACTS, ROLES)])
def test_every_act_is_for_its_roles_alone(kind, role):
    """For each act and each role: whoever has another role is refused, by name, with the roles that may."""
    rule = ACTS[kind]
    if role in rule.roles:
        assert check_act(kind, by="dana", role=role, machine=False, why="so") is rule
    else:
        with pytest.raises(InputError, match=f"dana has the role {role}; '{kind}' is for"):
            check_act(kind, by="dana", role=role, machine=False, why="so")


@pytest.mark.parametrize("kind", ACTS)
def test_every_reason_is_asked_for(kind):
    """An act that needs a reason is refused without one; so is one of nobody."""
    rule = ACTS[kind]
    if rule.reason:
        with pytest.raises(InputError, match="needs a reason; say it with --why"):
            check_act(kind, by="dana", role="", machine=False, why="  ")
    else:
        check_act(kind, by="dana", role="", machine=False, why="")
    with pytest.raises(InputError, match="needs the name of whoever does it"):
        check_act(kind, by=" ", role="", machine=False, why="so")


def test_machines_make_no_legal_acts():
    """No act of a machine moves a case, starts a clock, decides, releases or opens anything again."""
    machine = {kind for kind, rule in ACTS.items() if rule.machine}
    assert not [kind for kind in machine if ACTS[kind].to is not None]
    assert machine.isdisjoint(
        {
            "clock",
            "assessment",
            "released",
            "withdrawn",
            "researcher",
            "blocked",
            "revoked",
            "reply",
        }
    )
    for kind in set(ACTS) - machine:
        with pytest.raises(InputError, match=f"'{kind}' is decided by a person"):
            check_act(kind, by=MACHINE, role="", machine=True, why="so")


def test_an_act_that_is_none_is_named():
    """An unknown kind is refused with the known ones."""
    with pytest.raises(InputError, match="no act 'frobnicated' in a case; there are: opened"):
        check_act("frobnicated", by="dana", role="", machine=False, why="so")


#: What goes a step back.
_BACK = {"reopened", "uncontained"}


def test_every_state_is_on_a_way_or_is_an_end():
    """The states are those of the two ways, and the end of a case that went on in another."""
    assert {*WAY, *REQUEST_WAY, State.MERGED} == {*State}
    assert {State.CLOSED, State.MERGED} == OVER
    for before, after in itertools.pairwise(WAY[:-1]):
        (kind,) = [k for k, r in ACTS.items() if r.to is after and k not in _BACK]
        assert ACTS[kind].states == {before}


PUBLIC = (
    "public",
    "The data were public.",
    "It was all publicly available on the internet anyway!",
    "c'était public",
    "Les données étaient publiques",
    "Ces profils étaient déjà accessibles à tous sur internet.",
    "Los datos eran públicos",
    "Los perfiles ya estaban publicados en internet, visibles para todos",
    "البيانات كانت عامة",
    "بيانات عامّة متاحة للجميع على الإنترنت",
    "PUBLIC public PUBLIC",
    "... !!",
    "",
)
NOT_ONLY = (
    "public names alone; no contact data, 12 people, low likelihood of harm",
    "the profiles were public, and the scraper confirmed that it deleted its copy",
    "les noms étaient publics mais le risque est faible car chiffrés",
    "Los datos eran públicos y el responsable confirmó el borrado",
    "البيانات كانت عامة ولا يوجد خطر على الأشخاص",
    "below the threshold of serious harm",
)


@pytest.mark.parametrize("why", PUBLIC)
def test_that_data_were_public_is_no_reason_for_telling_nobody(register, why):
    """In English, French, Spanish and Arabic: 'public' alone is refused when nobody is to be told."""
    assert is_only_public(why)
    bring(register, State.CONFIRMED)
    said = refused(register, assessed("ES", outcome="none", why=why))
    assert ("public is no reason by itself" in said) or (not why and "needs a reason" in said)
    if why:
        assert not refused(register, assessed("ES", outcome="notify", why=why))


@pytest.mark.parametrize("why", NOT_ONLY)
def test_a_reason_that_says_more_is_taken(register, why):
    """A reason that also says something else is one, when the role legal writes it."""
    bring(register, State.CONFIRMED)
    assert not refused(register, assessed("ES", outcome="none", why=why))


def test_that_nobody_is_told_is_legals_to_decide(register):
    """The DPO may decide that somebody is told, and not that nobody is."""
    bring(register, State.CONFIRMED)
    assert not refused(register, assessed("ES", role="dpo"))
    said = refused(register, assessed("FR", outcome="none", role="dpo", why="below the threshold"))
    assert "decided by the role legal" in said


def test_back_dating_needs_a_reason_and_stays_visible(register):
    """What happened earlier is written down with a reason; both times are kept. The future is refused."""
    register.add(opened())
    early = AT - 90 * MINUTE
    with pytest.raises(InputError, match="needs a reason"):
        register.add(act("confirmed", when=early, why=""))
    with pytest.raises(InputError, match="in the future"):
        register.add(act("confirmed", when=AT + 1))
    with pytest.raises(InputError, match="'note' cannot be back-dated"):
        register.add(act("note", when=early))
    register.add(act("confirmed", when=early))
    last = register.case("c-1").entries[-1].act
    assert (last.is_back_dated, last.at, last.moment) == (True, AT, early)


def test_an_opening_is_back_dated_with_a_reason_only(register):
    """The first act obeys, too."""
    with pytest.raises(InputError, match="'opened' cannot be back-dated without a reason"):
        register.add(act("opened", when=AT - 90 * MINUTE, why=""))
    register.add(act("opened", when=AT - 90 * MINUTE))


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_is_set_once_and_corrected_visibly(register, name):
    """Each moment is set once, with its reason; a correction names what it stands in for, and both stay."""
    register.add(opened())
    assert "nothing to correct" in refused(
        register, act("clock", data={"clock": name, "correct": True})
    )
    first = register.add(act("clock", when=AT - MINUTE * 60, data={"clock": name}))
    said = refused(register, act("clock", by="eve", data={"clock": name}))
    assert f"{name} was set by dana already; a correction (--correct)" in said
    register.add(act("clock", by="eve", when=AT - 1, data={"clock": name, "correct": True}))
    clock = register.case("c-1").clocks[name]
    assert (clock.when, clock.by, clock.corrects) == (AT - 1, "eve", first.number)
    assert first in register.entries("c-1")
    assert "no clock 'nothing'" in refused(register, act("clock", data={"clock": "nothing"}))


def test_no_country_closes_silently(register):
    """Assessed, notified and closed each ask for every country that was counted, also those counted later."""
    bring(register, State.CONTAINED)
    assert "its people were not counted; run: himaya case people c-1" in refused(
        register, act("assessed")
    )
    register.add(counted(ES=12, **{"": 3}))
    said = refused(register, act("assessed"))
    assert "no assessment for ES (12 people)" in said
    assert "no assessment for unknown residence (3 people)" in said
    register.add_all(
        [assessed("ES"), assessed(""), act("assessed"), counted(ES=12, FR=2, **{"": 3})]
    )
    everybody = itertools.product(("ES", ""), ("authority", "people"))
    register.add_all(sent(*each) for each in everybody)
    said = refused(register, act("notified"))
    assert said == (
        "case c-1 does not take 'notified': no assessment for FR (2 people):"
        " himaya case assess c-1 --country FR"
    )
    register.add(assessed("FR", outcome="none", why="two people, names alone, low harm"))
    register.add_all([act("notified"), counted(ES=12, FR=2, IT=1, **{"": 3})])
    assert "no assessment for IT (1 people)" in refused(register, act("closed"))


def test_who_was_to_be_told_is_told_before_the_case_goes_on(register):
    """A country whose authority or people are to be told holds a case up until something was sent to them."""
    bring(register, State.ASSESSED)
    register.add(sent("ES", "authority"))
    said = refused(register, act("notified"))
    assert "nothing was sent to the people of ES" in said
    assert "nothing was sent to the authority of unknown residence" in said
    assert "to the authority of ES" not in said


def test_whoever_was_counted_late_is_told_before_the_case_closes(register):
    """Also after all were told a country that was counted and assessed since holds the case up until it is told."""
    bring(register, State.NOTIFIED)
    register.add_all([counted(ES=12, IT=1), assessed("IT"), act("compared", by=MACHINE)])
    over = act("closed", role="legal", data={"without_confirmation": "nobody to ask"})
    said = refused(register, over)
    assert "the authority of IT: himaya case notify draft c-1 --country IT --party auth" in said
    register.add_all([sent("IT", "authority"), sent("IT", "people"), over])


def test_a_lead_authority_speaks_for_its_countries(register):
    """What was sent to a lead authority is sent to the authorities of the countries that it names."""
    bring(register, State.ASSESSED)
    data = {"id": "EU-1", "country": "EU", "party": "authority", "countries": ["ES"]}
    register.add(act("sent", role="dpo", data=data))
    said = refused(register, act("notified"))
    assert "to the authority of ES" not in said
    assert "to the people of ES" in said


def test_what_was_withdrawn_is_not_released(register):
    """A notice that was withdrawn is drafted again; one that is released is not released twice."""
    bring(register, State.CONFIRMED)
    register.add_all([act("drafted", data={"id": n, "what": "notice"}) for n in ("n-1", "n-2")])
    register.add_all([act("released", data={"id": "n-1"}), act("withdrawn", data={"id": "n-2"})])
    assert "n-1 is released already" in refused(register, act("released", data={"id": "n-1"}))
    assert "withdrawn; draft it again" in refused(register, act("released", data={"id": "n-2"}))


def test_a_confirmed_case_says_all_that_is_missing_before_it_closes(register):
    """One refusal names everything: the count, the notices, the comparison and the confirmation."""
    bring(register, State.CONFIRMED)
    said = refused(register, act("closed", role="legal"))
    for words in (
        "its people were not counted",
        "it is confirmed and not notified",
        "no comparison with proposed limits; run: himaya case compare c-1",
        "no deletion was confirmed; say why it ends without (--without-confirmation)",
    ):
        assert words in said
    assert "legal or dpo closes it" in refused(register, act("closed", role="analyst"))


def test_a_confirmed_deletion_is_enough(register):
    """Where the scraper confirmed the deletion no further reason is asked for."""
    bring(register, State.NOTIFIED)
    register.add_all(
        [
            act("compared", by=MACHINE),
            act("reply", data={"id": "l-1", "answer": "confirmed"}, role="legal"),
            act("closed", role="dpo"),
        ]
    )
    assert register.case("c-1").state is State.CLOSED


def test_an_analyst_closes_what_was_an_error(register):
    """A suspected case is closed as an error by whoever looked at it."""
    register.add_all([opened(), act("closed", role="analyst", why="our own partner")])
    assert register.case("c-1").state is State.CLOSED


def test_a_request_is_answered_before_it_closes(register):
    """A person who asks is answered by the DPO; then the case is over."""
    bring(register, State.RECEIVED)
    assert "the person was not answered" in refused(register, act("closed", role="dpo"))
    register.add(act("answered", role="dpo"))
    assert "legal or dpo closes it" in refused(register, act("closed", role="analyst"))
    register.add(act("closed", role="dpo"))
    assert register.case("c-1").state is State.CLOSED


def test_two_persons_stand_behind_what_is_released(register):
    """Whoever drafted something does not release it, where operators are enrolled."""
    bring(register, State.CONFIRMED)
    assert "there is no draft 'n-1'" in refused(
        register, act("released", role="legal", data={"id": "n-1"})
    )
    register.add(act("drafted", role="legal", data={"id": "n-1", "what": "notice"}))
    said = refused(register, act("released", role="legal", data={"id": "n-1"}))
    assert "dana drafted it; somebody else releases it" in said
    register.add(act("released", by="eve", role="dpo", data={"id": "n-1"}))


def test_a_case_is_acknowledged_once_and_escalated_only_before(register):
    """The first who looks after it is kept; what is looked after is not escalated."""
    register.add_all([opened(), act("escalated", by=MACHINE), act("acknowledged")])
    assert "acknowledged by dana already" in refused(register, act("acknowledged", by="eve"))
    assert "acknowledged by dana already" in refused(register, act("escalated", by=MACHINE))
    assert register.case("c-1").acknowledged == AT


def test_what_was_opened_here_cannot_come_in_as_closed(register):
    """That a case was closed before there was a register is for what was, and for nothing else."""
    register.add(opened())
    assert "opened in this register" in refused(register, act("closed_before"))


def test_an_expired_case_is_not_taken_up_again(register):
    """Without its reasons and data a case cannot go on."""
    bring(register, State.CLOSED)
    register.remove_bodies(act("expired"))
    assert "what goes on opens a new case" in refused(register, act("reopened"))


@pytest.mark.parametrize("country", ["Spain", "es", "E", "US-", "ES-1234", "12"])
def test_a_malformed_country_is_refused(register, country):
    """A country is an ISO code, with a subdivision where a law is one's."""
    bring(register, State.CONFIRMED)
    assert "does not say what it must" in refused(register, assessed(country))
    assert not refused(register, assessed("US-CA"))


def test_what_is_next_leads_along_the_way(register):
    """Every state says what is missing; a case that is over says nothing."""
    expected = {
        State.SUSPECTED: "himaya case ack c-1",
        State.CONFIRMED: "contain it",
        State.CONTAINED: "himaya case people c-1",
        State.ASSESSED: "nothing was sent to the authority of ES",
        State.NOTIFIED: "himaya case compare c-1",
    }
    for number, state in enumerate(WAY):
        name = f"c-{number}"
        bring(register, state, name)
        steps = " ".join(next_steps(register.case(name)))
        words = expected.get(state, "").replace("c-1", name)
        assert (words in steps) if words else not steps
