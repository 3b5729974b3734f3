"""Asking a staging site, with its consent, for named test people only: how many of them would a scraper get.

target    the one host that may be asked: parsed, resolved once, pinned
token     consent: the host serves this run's one-time token, or nothing is asked
client    a slow HTTP client with a bound on everything; it never leaves the target
people    the named test people, and the asks that the site's own surfaces make of them
seen      whom and which fields an answer really holds
patterns  a few ways of collecting
run       all of it: people lost
probe     an examiner's check: collected as one actor, then `who` must name exactly these people
outcome   the results as data; words: in sentences
"""

from himaya.bench.staging.outcome import ProbeResult, StagingResult
from himaya.bench.staging.probe import Probe, probe
from himaya.bench.staging.run import Staging, stage
from himaya.bench.staging.words import probe_story, staging_story

__all__ = [
    "Probe",
    "ProbeResult",
    "Staging",
    "StagingResult",
    "probe",
    "probe_story",
    "stage",
    "staging_story",
]
