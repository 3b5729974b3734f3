"""How easily a site's people can be walked through by their ids; for `himaya audit ids`.

shape    what ids are made of: kind, alphabet, length; the numbers in them, also in base64 or behind a hash
clocks   ids that tell when they were made: UUIDv1, 6, 7, ULID, ObjectId, snowflake, seconds since 1970
guesses  three guessers, and how often each finds somebody, with intervals
measure  one route: all of it, and a verdict
outcome  the results as data
log      the ids of each route of access logs, and who used them
site     one's own site, with its consent: links of viewer A asked as viewer B and without a login, and guesses
tries    guesses, and ids that nobody has
sight    does an answer show somebody, or is it a page that says no
words    the results in sentences

No result holds an id: it names prefix, alphabet and counts only.
"""

from himaya.bench.walking.log import audit_file, audit_logs
from himaya.bench.walking.measure import measure
from himaya.bench.walking.outcome import IdsAudit, RouteIds, SiteAudit
from himaya.bench.walking.site import SitePlan, audit_site
from himaya.bench.walking.words import ids_story, site_story

__all__ = [
    "IdsAudit",
    "RouteIds",
    "SiteAudit",
    "SitePlan",
    "audit_file",
    "audit_logs",
    "audit_site",
    "ids_story",
    "measure",
    "site_story",
]
