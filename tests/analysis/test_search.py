"""The search: who is found under which key, who joins later, what is let go of, and how much is remembered."""

from __future__ import annotations

from itertools import islice
from random import Random

import msgspec
import pytest
from tests.analysis.crowds import NOON, World, crew, crowd, fed, search, view

from himaya.analysis.groups.candidate import Candidate
from himaya.analysis.groups.keys import Key, Sighting
from himaya.analysis.groups.popularity import Popularity
from himaya.core.salt import Salt

DAY = 86_400.0


def only(state):
    """Return the one group of a search."""
    (group,) = state.groups.values()
    return group


@pytest.mark.parametrize(
    "facets",
    [
        {"fingerprint": "library"},
        {"prefix": "198.51.100.0/24"},
        {"asn": 64500},
        {"access": "anonymous", "age_s": -1.0, "fingerprint": "library"},
        {"access": "anonymous", "age_s": -1.0, "prefix": "2001:db8::/48"},
        {"age_s": 45 * DAY, "fingerprint": "library"},
        {"age_s": 45 * DAY, "asn": 64500, "tier": "gold"},
    ],
    ids=", ".join,
)
def test_each_linking_key_finds_a_crew(facets):
    """A crew that shares a tool, a network among the new or nameless, or a provider within a tier is one group."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), **facets))
    group = only(state)
    assert len(group.members) == 30
    assert group.people == group.shown == 700


def test_a_batch_of_sign_ups_is_a_linking_key():
    """Accounts that were made in the same hour are looked at together, whatever else they share."""
    state, created = search(5000), NOON - 3 * DAY
    for one in crew(5000, 30, 700, Random(1)):
        state.observe(msgspec.structs.replace(one, age_s=one.at - created))
    state.conclude(NOON)
    assert [key.kind for key in only(state).keys] == ["batch"]


def test_actors_that_share_nothing_are_not_linked():
    """The same crew without any shared key stays unseen: the docs say so."""
    state = search(5000)
    views = enumerate(crew(5000, 30, 700, Random(1)))
    fed(state, (msgspec.structs.replace(one, age_s=400 * DAY + n * 4000) for n, one in views))
    assert state.groups == {}


def test_old_accounts_of_one_network_are_not_linked():
    """A campus is no linking key for accounts that are not new."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), age_s=900 * DAY, prefix="198.51.100.0/24"))
    assert state.groups == {}


@pytest.mark.parametrize("name", ["tier:recruiter", "asn:64500", "fingerprint:crm"])
def test_an_authorised_team_is_left_alone_and_another_one_is_not(name):
    """A team with territories of its own is found; named as authorised, it is not looked at."""
    facets = {"tier": "recruiter", "asn": 64500, "fingerprint": "crm"}
    for authorised, groups in (((), 1), ((name,), 0)):
        state = search(5000, authorised=authorised)
        fed(state, crew(5000, 8, 900, Random(1), **facets))
        assert len(state.groups) == groups


#: Crews work around this time: a class has another name from then on.
BOUNDARY = (NOON // (31 * DAY) + 1) * 31 * DAY
SALT = Salt(b"k" * 32, 31)


def around(views, raw="crm"):
    """Move views so that the boundary is in their middle, with the class that each has at its time."""
    views = list(views)
    start = BOUNDARY - len(views) // 2
    for number, one in enumerate(views):
        at = start + number
        yield msgspec.structs.replace(one, at=at, fingerprint=SALT.of(raw, at))


def test_an_authorised_class_is_recognised_on_both_sides_of_a_boundary():
    """`fingerprint:CLASS` names the class as front doors tell it; rows of two periods, and late ones, are left out."""
    for authorised, groups in (((), 1), (("fingerprint:other",), 1), (("fingerprint:crm",), 0)):
        state = search(5000, authorised=authorised, salt=SALT.of)
        fed(state, around(crew(5000, 8, 1800, Random(1))))
        assert len(state.groups) == groups
    late = view(BOUNDARY + 200, "account:late", 1, fingerprint=SALT.of("crm", BOUNDARY - 1))
    state.observe(late)
    assert not state.seen.people


def test_a_class_authorised_without_its_salt_is_another_one():
    """Where nothing is salted a class is compared as it stands, and a salted one is nobody's (the twin)."""
    state = search(5000, authorised=("fingerprint:crm",))
    fed(state, around(crew(5000, 8, 1800, Random(1))))
    assert len(state.groups) == 1


def test_a_group_that_spans_a_boundary_stays_one():
    """The same accounts under the next name of their class are the same group, by its members: what they see counts."""
    state = search(5000, salt=SALT.of)
    views = list(around(crew(5000, 30, 1600, Random(1))))
    fed(state, views[:800])
    first = only(state)
    fed(state, views[800:])
    assert only(state).id == first.id
    assert len(only(state).members) == 30
    assert only(state).shown == 1600


def test_new_accounts_behind_a_boundary_join_the_group_of_the_same_list():
    """Accounts that go on with the list under the next name are certified anew, and are the first ones' group then."""
    state = search(5000, salt=SALT.of)
    views = list(around(crew(5000, 30, 3000, Random(1))))
    late = [msgspec.structs.replace(one, actor=f"{one.actor}b") for one in views[1500:]]
    fed(state, views[:1500])
    first = only(state)
    fed(state, late)
    assert only(state).id == first.id
    assert len(only(state).members) == 60
    names = {key.value for key in only(state).keys if key.kind == "tool"}
    assert names == {views[0].fingerprint, views[-1].fingerprint}


def test_the_name_of_a_group_is_the_same_in_every_run():
    """The same views give the same group; it is named by its key and when that was seen first."""
    names = []
    for every in (20, 50):
        state = search(5000)
        fed(state, crew(5000, 30, 700, Random(1), fingerprint="library"), every)
        names.append(only(state).id)
    assert names[0] == names[1]


def test_grounds_are_sentences_without_identities():
    """Each ground names its test's value, its threshold and what is shared, and no actor."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), fingerprint="library"))
    words = only(state).words()
    assert "odds against chance" in words[0]
    assert "the same tool (library), new accounts" in words[0]
    assert not any("crew1" in sentence for sentence in words)


def test_a_bystander_whose_people_the_others_saw_does_not_join():
    """Somebody with the crew's tool who looks at people whom it saw already is no member."""
    state, views = search(5000), list(crew(5000, 30, 700, Random(1), fingerprint="library"))
    for number, one in enumerate(views):
        state.observe(one)
        if number in range(300, 306):
            again = msgspec.structs.replace(
                views[number - 200], actor="account:bystander", at=one.at
            )
            state.observe(again)
    state.conclude(NOON)
    assert "account:bystander" not in only(state).members


def test_new_accounts_with_the_same_tool_join_and_spend_on():
    """Displacement: after the crew was found, a fresh account with its tool joins with its first people."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), fingerprint="library"))
    before = only(state).id
    state.observe(view(NOON + 9000, "account:fresh", 4999, fingerprint="library"))
    (group,) = state.conclude(NOON + 9000)
    assert group.id == before
    assert "account:fresh" in group.members


def test_the_tool_without_accounts_is_the_same_operation():
    """Displacement: the crew's tool, now logged out from new addresses, is in the same group."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), fingerprint="library", age_s=45 * DAY))
    facets = {"access": "anonymous", "age_s": -1.0, "fingerprint": "library"}
    for number in range(3):
        state.observe(view(NOON + 9000, f"address:192.0.2.{number}", 4990 + number, **facets))
    state.conclude(NOON + 9000)
    assert "address:192.0.2.2" in only(state).members


def test_a_second_crew_that_leaves_out_what_the_first_one_saw_is_the_same_operation():
    """Displacement: another tool on another network that goes on with the list joins the group, with the reason."""
    targets = Random(6).sample(range(1, 5001), 1600)
    state = search(5000)
    for number, person in enumerate(targets):
        half = number >= 800
        at = NOON + number
        tool, actor = ("second", "b") if half else ("first", "a")
        facets = {"fingerprint": tool, "age_s": 400 * DAY}
        state.observe(view(at, f"account:{actor}{number % 20}", person, **facets))
        if number % 40 == 0:
            state.conclude(at)
    state.conclude(NOON)
    group = only(state)
    assert len(group.members) == 40
    assert "disjointness" in [ground.test for ground in group.grounds]


def test_a_crew_under_a_popular_tool_takes_no_honest_user_with_it():
    """A crew in a tool that hundreds use is not found by it, nor is anybody who shares it; the docs say so."""
    world, rng, state = World(5000), Random(3), search(5000)
    honest = list(crowd(world, 300, 20, rng, "u", fingerprint="browser", age_s=400 * DAY))
    views = list(crew(5000, 30, 700, rng, fingerprint="browser", age_s=45 * DAY))
    mixed = [one for pair in zip(honest, views, strict=False) for one in pair]
    fed(state, iter([*mixed, *honest[len(views) :]]))
    members = [m for group in state.groups.values() for m in group.members]
    assert [name for name in members if "crew" not in name] == []


def test_only_a_narrow_key_of_weak_identities_covers_the_unseen():
    """A crew's own tool covers visitors not seen yet; a tool that old accounts use, too, covers nobody."""
    facets = {"access": "anonymous", "age_s": -1.0, "fingerprint": "library"}
    narrow = search(5000)
    fed(narrow, crew(5000, 30, 700, Random(1), **facets))
    assert [str(key) for key in only(narrow).covers] == ["tool:library/anonymous"]
    shared = search(5000)
    for number in range(20):
        old = {"fingerprint": "library", "age_s": 900 * DAY}
        shared.observe(view(NOON - 60, f"account:old{number}", 1, **old))
    fed(shared, crew(5000, 30, 700, Random(1), **facets))
    assert only(shared).covers == []


def test_a_closed_group_is_let_go_and_looked_at_anew():
    """After closing, nobody is a member, and the same behaviour must prove itself again to be found again."""
    state = search(5000)
    views = list(crew(5000, 30, 1500, Random(1), fingerprint="library"))
    fed(state, iter(views[:700]))
    name = only(state).id
    state.close(name)
    state.close("unknown")
    assert fed(state, iter(views[700:760])) == []
    assert fed(state, iter(views[760:])) != [name]
    assert len(state.groups) == 1


def test_a_group_from_before_a_restart_is_taken_over():
    """A restored group has its members, and whoever shares its keys joins it under the same name."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), fingerprint="library"))
    group = only(state)
    later = search(5000)
    later.restore(group)
    for number in range(3):
        one = view(NOON + 9000, f"account:fresh{number}", 4990 + number, fingerprint="library")
        later.observe(one)
    assert [found.id for found in later.conclude(NOON + 9000)] == [group.id]
    assert "account:fresh2" in group.members


def test_an_honest_past_does_not_shield_what_comes_later():
    """A tool with a month of honest use is tested anew every day, so a crew that takes it over is found."""
    world, rng, state = World(5000), Random(3), search(5000)
    honest = crowd(world, 20, 100, rng, "u", fingerprint="library", age_s=400 * DAY)
    fed(state, (msgspec.structs.replace(one, at=one.at - 3 * DAY) for one in honest))
    assert state.groups == {}
    fed(state, crew(5000, 30, 900, rng, fingerprint="library", age_s=45 * DAY))
    assert len(only(state).members) >= 30


def flood(actors: int) -> list[Sighting]:
    """Return forged actors, each with a network, tool and provider that hardly anybody shares."""
    return [
        Sighting(
            NOON + n,
            f"address:{n}",
            f"p{n % 5000}",
            "anonymous",
            f"tool{n // 2}",
            n // 2,
            "",
            f"net{n // 2}",
        )
        for n in range(actors)
    ]


def test_memory_is_bounded_under_a_flood_of_forged_actors():
    """However many actors, tools and networks are invented, candidates, pairs and entries keep their bounds."""
    state = search(5000, candidates=200, views=2000, entries=1000)
    for one in flood(20_000):
        state.observe(one)
    table = state.candidates
    assert len(table.table) <= 200
    assert len(state.seen) <= 2000
    assert len(table._alone) <= 800
    assert table.entries <= 1000
    assert table.entries == sum(one.size for one in table.table.values())


def test_a_key_that_everybody_shares_stays_within_its_part_of_the_memory():
    """A provider of half the world takes an eighth of the entries and is then not looked at any further."""
    state = search(5000, entries=8000)
    for one in flood(20_000):
        state.observe(msgspec.structs.replace(one, asn=64500, fingerprint="", prefix=""))
    assert 900 < state.candidates.entries <= 1002


def test_a_busy_candidate_survives_the_flood():
    """A crew at work is found while invented actors push idle candidates out."""
    state = search(5000, candidates=200, entries=20_000)
    forged = iter(flood(7000))
    for number, one in enumerate(crew(5000, 30, 700, Random(1), fingerprint="library")):
        state.observe(one)
        for other in islice(forged, 10):
            state.observe(msgspec.structs.replace(other, at=one.at))
        if number % 10 == 0:
            state.conclude(one.at)
    assert any("library" in str(key) for group in state.groups.values() for key in group.keys)


def seen_by(candidate, popularity, actor, people):
    """Let one actor see people, one after the other."""
    for person in people:
        candidate.see(view(NOON, actor, person), popularity)


def test_a_member_is_told_by_its_own_odds():
    """Under a key that both have, a worker's odds grow with every person, a reader's fall with everybody met."""
    popularity = Popularity(2000)
    one = Candidate(Key("tool", "browser", "old"), NOON, 0.5)
    for worker in range(20):
        seen_by(one, popularity, f"w{worker}", range(worker * 60 + 1, worker * 60 + 61))
    seen_by(one, popularity, "reader", range(5, 1200, 100))
    seen_by(one, popularity, "guest", [1999])
    assert one.own["reader"].is_reader
    assert "reader" not in one.joining(one.own)
    proven = one.reaching(1000.0, one.own)
    assert "reader" not in proven
    assert "guest" not in proven
    assert {f"w{worker}" for worker in range(10, 20)} <= set(proven)
    assert one.readers() == 1 / 21
    assert one.told() == 21 / 22


@pytest.mark.parametrize("guests", [0, 20])
def test_guests_of_a_crews_browser_are_not_proven(guests):
    """Who saw too little to be told is not proven: a key is a crew's own only where nearly all who have it are told."""
    facets = {"fingerprint": "browser", "age_s": 400 * DAY}
    state = search(5000)
    for number in range(guests):
        state.observe(view(NOON - 60, f"account:guest{number}", 4000 + number, **facets))
    fed(state, crew(3900, 30, 900, Random(1), **facets))
    proven = only(state).proven
    assert len(proven) == (30 if guests == 0 else len([a for a in proven if "crew" in a]))


def test_a_crew_with_a_tool_of_its_own_is_proven_at_once():
    """Where nobody else has the key, nobody needs to be told apart: all who have it are, newcomers as well."""
    state = search(5000)
    fed(state, crew(5000, 30, 700, Random(1), fingerprint="library"))
    assert set(only(state).proven) == set(only(state).members)
    state.observe(view(NOON + 9000, "account:fresh", 4999, fingerprint="library"))
    (group,) = state.conclude(NOON + 9000)
    assert "account:fresh" in group.proven
