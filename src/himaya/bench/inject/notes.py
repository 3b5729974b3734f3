"""What must be known to read the price rightly."""

from __future__ import annotations

from himaya.bench.inject.past import Past
from himaya.bench.inject.people import HITS, MOST_PEOPLE, Site
from himaya.bench.inject.survey import Survey
from himaya.config import Config

_SIMULATION = (
    "A simulation: nothing was sent anywhere. The log's own requests happened as they did; whoever was "
    "refused might have acted otherwise."
)


def notes(past: Past, config: Config, survey: Survey, site: Site) -> list[str]:
    """Return sentences, the most important first."""
    return [
        _SIMULATION,
        *_about_people(config, survey),
        *_about_log(past, survey),
        *_about_surfaces(site),
    ]


def _about_people(config: Config, survey: Survey) -> list[str]:
    population, known = config.site.population, len(survey.subjects)
    if population > MOST_PEOPLE:
        return [f"The first {MOST_PEOPLE:,} of {population:,} people are there to be taken."]
    if population > known:
        more = f"the other {population - known:,} of the declared population"
        return [f"The log shows {known:,} people; {more} are there to be taken under made-up ids."]
    declared = f"{population:,}, fewer than the log shows" if population else "not declared"
    people = f"only the {known:,} people of the log are there to be taken"
    return [f"[site] population is {declared}: {people}, and shares are of them."]


def _about_log(past: Past, survey: Survey) -> list[str]:
    found, hours = list[str](), (survey.last - survey.first) / 3600
    if hours < 24:
        found.append(
            f"The log covers {hours:.1f} hours: budgets of a day and a month had no time to be used up."
        )
    if not survey.accounts:
        found.append(
            "The log names no account, so the attackers' accounts are seen by their addresses only."
        )
    if past.left_out:
        found.append(f"{past.left_out:,} lines far out of order are left out.")
    return found


def _about_surfaces(site: Site) -> list[str]:
    found = list[str]()
    if site.profile is None:
        found.append(
            "No surface shows one person by a route: those who ask for profiles are left out."
        )
    if site.listing is None:
        found.append("No listing says max_people: the harvester of listings is left out.")
    if site.lookup is None:
        found.append("No look-up is declared: the walker of numbers is left out.")
    else:
        found.append(f"One number in {HITS} belongs to somebody: an assumption.")
    return found
