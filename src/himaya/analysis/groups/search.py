"""The search for groups: sightings in, one by one; groups out, whenever somebody asks. The state between two calls."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from himaya.analysis.groups.birthday import disjointness
from himaya.analysis.groups.candidate import Candidate
from himaya.analysis.groups.candidates import Candidates
from himaya.analysis.groups.group import Ground, Group, name_of
from himaya.analysis.groups.keys import ANONYMOUS, OLD, YOUNG, Key, Sighting, keys_of
from himaya.analysis.groups.popularity import Id, Popularity
from himaya.analysis.groups.settings import Settings
from himaya.analysis.groups.sightings import FirstViews
from himaya.analysis.groups.synchrony import Rhythm, dispersion

#: A candidate with this share of its actors in a group belongs to it.
_INSIDERS = 0.5
#: A linking key covers actors not yet seen when this share of its actors are members ...
_NEARLY_ALL = 0.9
#: ... and not more than this share of those who carry the tool are old accounts outside the group.
_OUTSIDERS = 0.05
#: A key is not the operation's own when more than this share of those who have it are readers.
_READERS = 0.05
#: A tool is a group's in other classes of actors, too, when these have at most so many of the group's number.
_OTHERS = 0.3
#: A row is written at most so long after its request, whose class has the name of its own time.
_IN_FLIGHT_S = 3600.0
#: Open groups; past that no further one is opened.
_MOST_GROUPS = 1000
#: Members of a group; whoever comes later spends the budgets of its linking keys alone.
_MOST_MEMBERS = 100_000


class Search:
    """Everything that is remembered between two calls; bounded by its settings."""

    def __init__(self, settings: Settings) -> None:
        """Start with nothing seen."""
        self.settings = settings
        #: Rows before this time (microseconds) were taken in.
        self.upto = 0
        self.groups: dict[str, Group] = {}
        self.popularity = Popularity(settings.population)
        self.seen = FirstViews(settings.views)
        self.candidates = Candidates(settings, self.seen, self.popularity)
        self._authorised = frozenset(settings.authorised)
        told = (name.partition(":") for name in settings.authorised)
        self._tools = tuple(value for kind, _, value in told if kind == "fingerprint")
        self._of_member: dict[Id, str] = {}
        self._of_key: dict[Key, str] = {}
        #: Groups whose members were shown somebody since the last answer, under whatever key.
        self._seen_of: dict[str, None] = {}
        self._rhythm = Rhythm()

    # in ---------------------------------------------------------------------------------------

    def observe(self, sighting: Sighting) -> None:
        """Take one view of one person. Views come in the order of time."""
        if self._authorised and self._is_authorised(sighting):
            return
        if not self.seen.is_first(sighting.actor, sighting.person):
            return
        group = self._of_member.get(sighting.actor)
        for key in keys_of(sighting, self.settings.new_s):
            # What a member does is held against its own group, and against nobody who shares a provider with it.
            if group is None or self._of_key.get(key) == group:
                self.candidates.see(key, sighting)
        if group is not None:
            self._seen_of[group] = None
        else:
            self.popularity.add(sighting.person)
            self._rhythm.active(sighting.actor, sighting.at)

    def _is_authorised(self, sighting: Sighting) -> bool:
        names = (
            f"tier:{sighting.tier}",
            f"asn:{sighting.asn}",
            f"fingerprint:{sighting.fingerprint}",
        )
        return not self._authorised.isdisjoint(names) or self._is_tool(sighting)

    def _is_tool(self, sighting: Sighting) -> bool:
        """Tell whether the class is an authorised one: rows have the name that it had when they were asked for."""
        salt, at = self.settings.salt, sighting.at
        if salt is None or not sighting.fingerprint:
            return False
        times = (at, at - _IN_FLIGHT_S)
        return any(salt(raw, t) == sighting.fingerprint for raw in self._tools for t in times)

    # out --------------------------------------------------------------------------------------

    def conclude(self, now: float) -> list[Group]:
        """Return the groups that are new or grew since the last call, in the order of their finding."""
        changed: dict[str, None] = {}
        touched = [candidate for _, candidate in self.candidates.take_touched()]
        for candidate in sorted(touched, key=lambda one: -one.test.value):
            group = self._group_for(candidate, now)
            if group is not None and self._admit(group, candidate):
                changed[group.id] = None
            candidate.changed = {}
        # The class of members has another name after a while: what they see counts all the same.
        changed.update((name, None) for name in list(self._seen_of) if self._count(name))
        self.candidates.drop_old(now)
        return [self.groups[name] for name in changed]

    def _group_for(self, candidate: Candidate, now: float) -> Group | None:
        """Return the group a candidate belongs to, opening one when its test certifies it."""
        known = self._of_key.get(candidate.key)
        if known is not None:
            return self.groups.get(known)
        if not candidate.certified(self.settings.alpha, self.settings.members):
            return None
        ground = self._ground(candidate)
        group = self._same(candidate) or self._open(candidate, now)
        if group is not None:
            self._add_key(group, candidate, [*ground, *self._supports(candidate)])
        return group

    def _ground(self, candidate: Candidate) -> list[Ground]:
        value, needed = candidate.test.value, 1.0 / self.settings.alpha
        return [Ground("anti-birthday", value, needed, candidate.key.words())]

    def _open(self, candidate: Candidate, now: float) -> Group | None:
        if len(self.groups) >= _MOST_GROUPS:
            return None
        group = Group(name_of(candidate.key, candidate.first), candidate.first, now)
        return self.groups.setdefault(group.id, group)

    def _same(self, candidate: Candidate) -> Group | None:
        """Return the open group whose work this candidate goes on with: the same actors, or people nobody of it saw."""
        needed = 1.0 / self.settings.alpha
        for group in self.groups.values():
            share = candidate.insiders(group.members)
            if share >= _INSIDERS:
                group.grounds.append(Ground("insiders", share, _INSIDERS, candidate.key.words()))
                return group
            theirs = self._people_of(group)
            met = sum(person in theirs for person in candidate.seen)
            popular = fsum(self.popularity.of(person) for person in theirs)
            value = disjointness(len(candidate.seen), met, popular, self.settings.kappa)
            if value >= needed:
                link = candidate.key.words()
                group.grounds.append(Ground("disjointness", value, needed, link))
                return group
        return None

    def _add_key(self, group: Group, candidate: Candidate, grounds: list[Ground]) -> None:
        key = candidate.key
        self._of_key[key] = group.id
        group.keys.append(key)
        group.grounds.extend(grounds)
        if key.kind == "tool":
            for among in (YOUNG, OLD, ANONYMOUS):
                self._add_sibling(
                    group, Key("tool", key.value, among, key.tier), len(candidate.own)
                )

    def _add_sibling(self, group: Group, key: Key, members: int) -> None:
        """Let a tool be the group's in another class of actors, too, where hardly anybody else has it."""
        others = self._outside(key)
        if key in self._of_key or len(others) > _OTHERS * members:
            return
        self._of_key[key] = group.id
        group.keys.append(key)
        for candidate in self.candidates.of(key):
            self._admit(group, candidate)

    def _supports(self, candidate: Candidate) -> list[Ground]:
        """Return measured values that support a finding and decide nothing."""
        link = candidate.key.words()
        found = [Ground("coverage", candidate.coverage, 0.0, link)]
        together = dispersion(candidate.rhythm.slots, self._rhythm.slots)
        if together is not None:
            found.append(Ground("synchrony", together, 0.0, link))
        return found

    # members ----------------------------------------------------------------------------------

    def _admit(self, group: Group, candidate: Candidate) -> bool:
        """Let members whose people complement the others' join; tell whether anything changed."""
        before, covers = len(group.members), len(group.covers)
        fresh = candidate.changed if candidate.admitted else candidate.own
        candidate.admitted = True
        free = [actor for actor in fresh if actor not in self._of_member]
        joining = candidate.joining(free)
        for actor in joining[: max(0, _MOST_MEMBERS - before)]:
            group.members[actor] = None
            self._of_member[actor] = group.id
        if joining:
            self._look_around(group, joining)
        proven = self._prove(group, candidate, fresh)
        self._cover(group, candidate)
        grew = self._count(group.id)
        return grew or proven or len(group.members) > before or len(group.covers) > covers

    def _count(self, name: str) -> bool:
        """Count whom the members of a group saw; tell whether it is more than before."""
        self._seen_of.pop(name, None)
        group = self.groups.get(name)
        if group is None:
            return False
        people = len(self._people_of(group))
        shown = sum(len(self.seen.people.get(actor, ())) for actor in group.members)
        grew = people > group.people or shown > group.shown
        group.people, group.shown = max(group.people, people), max(group.shown, shown)
        return grew

    def _prove(self, group: Group, candidate: Candidate, fresh: Iterable[Id]) -> bool:
        """Prove members: by their own odds, or all of them under a key that is the operation's own.

        Bystanders look like members until they were seen long enough; an open case harms none of them, a budget would.
        """
        before = len(group.proven)
        fits = [a for a in fresh if a in group.members and a not in group.proven]
        found = candidate.reaching(1.0 / self.settings.member_alpha, fits)
        group.proven.update(dict.fromkeys(found))
        if self._is_own(group, candidate):
            ours = (actor for actor in candidate.own if self._of_member.get(actor) == group.id)
            group.proven.update(dict.fromkeys(ours))
        return len(group.proven) > before

    def _is_own(self, group: Group, candidate: Candidate) -> bool:
        """Tell whether a key is the operation's own: nearly all who have it are proven, or none of them is a reader.

        The second is asked of a key that was certified by itself, and of whose accounts nearly all saw enough to tell:
        an ordinary browser has many who saw little. Visitors always saw little, and are not asked how much.
        """
        # A day that has just begun has few actors, and says little about a key.
        periods = [candidate, *self.candidates.of(candidate.key)]
        widest = max(periods, key=lambda one: len(one.own))
        if widest.insiders(group.proven) >= _NEARLY_ALL:
            return True
        if not candidate.test.certifies(self.settings.alpha) or widest.readers() > _READERS:
            return False
        return candidate.key.among == ANONYMOUS or widest.told() >= _NEARLY_ALL

    def _look_around(self, group: Group, joined: Iterable[Id]) -> None:
        """Look at the other keys of whoever joined.

        A narrow key that hardly anybody else has is the operation's, too, so what comes under it later is recognised.
        What the new members won for a wider one must not be held against those who share it with them.
        """
        for candidate in self.candidates.table.values():
            if candidate.key in self._of_key or not any(a in candidate.own for a in joined):
                continue
            share = candidate.insiders(group.members)
            narrow = candidate.key.kind in {"tool", "network"}
            if narrow and share >= _NEARLY_ALL and len(candidate.own) >= self.settings.members:
                ground = Ground("insiders", share, _NEARLY_ALL, candidate.key.words())
                self._add_key(group, candidate, [ground])
                self._admit(group, candidate)
            else:
                candidate.deflate()

    def _cover(self, group: Group, candidate: Candidate) -> None:
        """Let a narrow key cover visitors and new accounts that were not seen yet: it is the operation's own."""
        key = candidate.key
        if key in group.covers or key.kind not in {"tool", "network"}:
            return
        if key.among not in {YOUNG, ANONYMOUS} or self._outsiders(key, candidate) > _OUTSIDERS:
            return
        if candidate.insiders(group.proven) >= _NEARLY_ALL:
            group.covers.append(key)

    def _outsiders(self, key: Key, candidate: Candidate) -> float:
        """Return old accounts that carry the same tool, as a share of the candidate's members."""
        if key.kind != "tool":
            return 0.0
        return len(self._outside(Key("tool", key.value, OLD))) / max(1, len(candidate.own))

    def _outside(self, key: Key) -> list[Id]:
        """Return the actors of a key who are in no group."""
        return [a for a in self.candidates.actors_of(key) if a not in self._of_member]

    def _people_of(self, group: Group) -> set[Id]:
        return set().union(*(self.seen.people.get(actor, set()) for actor in group.members))

    def restore(self, group: Group) -> None:
        """Take a group over that was found before, so that whoever shares its keys joins it."""
        self.groups[group.id] = group
        self._of_member.update(dict.fromkeys(group.members, group.id))
        self._of_key.update(dict.fromkeys(group.keys, group.id))

    def close(self, name: str) -> None:
        """Let go of a group: its members are looked at like anybody, by tests that begin anew."""
        group = self.groups.pop(name, None)
        if group is None:
            return
        for actor in group.members:
            self._of_member.pop(actor, None)
        for key in group.keys:
            self._of_key.pop(key, None)
            self.candidates.forget(key)
