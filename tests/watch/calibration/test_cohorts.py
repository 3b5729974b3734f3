"""Whom a threshold may speak of: age, tier and key of an account, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.detectors import surge
from himaya.core.errors import InputError
from himaya.watch.calibration.cohorts import COHORTS, TIER, checked, place


@pytest.mark.parametrize("cohort", [*COHORTS, "tier:gold"])
def test_cohorts_are_what_the_site_told(cohort):
    """New, established, paid, key, and the tiers of the site are cohorts."""
    assert checked(cohort) == cohort


@pytest.mark.parametrize(
    "cohort",
    ["", "anonymous", "tier:", "disability", "religion:x", "age:65+", "woman", "country:MA", "New"],
)
def test_no_other_cohort_is_taken(cohort):
    """A cohort by a trait of a person, or of strangers, is refused."""
    with pytest.raises(InputError, match="no cohort of a calibration"):
        checked(cohort)


def test_the_refusal_says_which_there_are():
    """The message has the word that was refused, as it was written, and every one that is taken."""
    with pytest.raises(InputError) as refused:
        checked("age:65+")
    assert str(refused.value) == (
        "'age:65+' is no cohort of a calibration; they are new, established, paid, key and tier:NAME,"
        " as the site told them"
    )


def test_cohorts_are_those_of_the_core_without_strangers():
    """The words are those under which the core keeps its classes; strangers are never proven."""
    assert set(COHORTS) == set(surge.COHORTS) - {"anonymous"}


@given(
    st.text()
    | st.sampled_from(COHORTS).flatmap(lambda each: st.sampled_from([each + " ", each.upper()]))
)
def test_nothing_outside_the_list_passes(cohort):
    """Whatever text comes, it is one of the four, a tier with a name, or refused; and it comes back unchanged."""
    if cohort in COHORTS or (cohort.startswith(TIER) and len(cohort) > len(TIER)):
        assert checked(cohort) == cohort
    else:
        with pytest.raises(InputError):
            checked(cohort)


def test_the_four_stand_first_and_tiers_by_name():
    """In a receipt the cohorts stand in the order of their list, then the tiers in that of the alphabet."""
    mixed = ["tier:silver", "key", "paid", "tier:gold", "established", "new"]
    assert sorted(mixed, key=place) == [*COHORTS, "tier:gold", "tier:silver"]


@given(st.lists(st.sampled_from(COHORTS) | st.text().map(lambda name: TIER + name)))
def test_places_tell_cohorts_apart(cohorts):
    """No two cohorts have one place, so a list has the same order every time."""
    assert len(set(map(place, cohorts))) == len(set(cohorts))
    backwards = list(reversed(cohorts))
    assert sorted(cohorts, key=place) == sorted(backwards, key=place)
