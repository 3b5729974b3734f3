"""The figures the honest crowd rests on, each with its source beside it; what nobody measured is called an assumption.

`docs/bench_crowd.md` shows them as a table. The unit is a person looked at: a profile opened by one visitor on one day.
"""

from __future__ import annotations

# what was published ------------------------------------------------------------------------------

#: Share of all actions that is silent browsing. 37,024 users, 12 days, click streams of four networks.
#: Source: Benevenuto et al., "Characterizing User Behavior in Online Social Networks", IMC 2009, abstract.
SILENT_SHARE = 0.92
#: Minutes in the network per sitting: "commonly more than half an hour" (Facebook, LinkedIn, Hi5, StudiVZ).
#: Source: Schneider et al., "Understanding Online Social Network Usage from a Network Perspective", IMC 2009, abstract.
SITTING_MINUTES = 30.0
#: Profile visits a day that vendors of automation call safe for a normal account, so a busy person's day.
#: Source: Captain Data, support article 5977668740509.
BUSY_DAY = 80
#: Views of a paid recruiter in 14 days, 99.9th percentile, and a regular member's; ten of the days are working days.
#: Source: the simulation behind himaya's design notes, whose honest behaviour is itself assumed.
RECRUITER_14_DAYS, MEMBER_14_DAYS = 4556, 754
#: Distinct pages a client and day on a small site: median, 99th percentile, most. Source: Elastic's example log
#: (apache_logs, 10,000 lines, May 2015), counted.
SMALL_SITE_PAGES = (1, 19, 36)
#: Share of lines from declared bots in the same log.
DECLARED_BOTS = 0.24
#: Share of people whose browser did not run the page's script, for whatever reason.
#: Source: UK Government Digital Service, "How many people are missing out on JavaScript enhancement?", 2013.
NO_SCRIPT_SHARE = 0.011

# the pilot crowd: a simulation whose settings are assumptions, kept so that results can be compared -----------

#: Distinct profiles per member and day on which they come: median, 90th and 99th percentile, most. Nobody has
#: published these; every result is therefore shown at half, twice and four times of it, too.
PROFILES_P50, PROFILES_P90, PROFILES_P99, PROFILES_MAX = 11, 40, 94, 160
#: Shares of the pilot's members: power users, behind shared addresses, new.
PILOT_POWER, PILOT_SHARED, PILOT_NEW = 0.01, 0.20, 0.02
#: Share of logged-out visits that search for somebody hardly anybody looks at, and share from shared addresses.
COLD_NAMES, STRANGERS_SHARED = 0.30, 0.20

# assumptions of this bench: nobody measured them -----------------------------------------------------------

#: Spread of the log-normal number of profiles: between people, and from day to day of one person. That counts are
#: log-normal per person is published (Meiss et al., arXiv 1003.5325); the two spreads are chosen so that the pilot's
#: percentiles come out.
SPREAD_PEOPLE, SPREAD_DAYS = 0.76, 0.58
#: On which share of days somebody comes: drawn per person between these. Whoever never came in a run would not be a
#: visitor of it, so everybody comes on one day at least.
COMES_FROM, COMES_TO = 0.2, 0.75
#: Whom people look at: friends, others of their community, popular people, anybody. Each member has a mix of their own,
#: drawn from a Dirichlet distribution around this with this concentration.
MIX, MIX_CONCENTRATION = (0.50, 0.22, 0.18, 0.10), 6.0
#: Seconds between two pages: median and log-normal spread. With 14 people a sitting this gives about half an hour.
THINK_S, THINK_SPREAD = 85.0, 1.1
#: People looked at per sitting.
PER_SITTING = 14.0
#: Share of pages after which several people of a list are opened at once in tabs, and seconds between the tabs.
TAB_BURST, TAB_S = 0.05, 2.0
#: Share of profile views that also fetch the photo (the others have it from a list or the browser's cache), of views
#: that are repeated the same day, of sittings that look at one's own profile.
PHOTO, AGAIN, OWN = 0.35, 0.12, 0.15
#: Share of views after which somebody changes or writes something; of all pages these are then 8 % (see SILENT_SHARE).
ACTS = 0.125
#: Share of sittings with a search for a name; of the others, with a look at somebody's friends; with a link shared.
SEARCHES, LISTS, SHARES = 0.18, 0.10, 0.06
#: Activity by hour of the local day, from midnight; only the rhythm matters.
HOURS = (2, 1, 1, 0.5, 0.5, 1, 2, 4, 6, 7, 7, 7, 8, 8, 7, 7, 7, 8, 9, 10, 11, 10, 7, 4)
#: The same at work.
WORK_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 6, 10, 10, 8, 4, 7, 10, 9, 7, 3, 1, 0, 0, 0, 0, 0)
#: Activity at work on a Saturday or Sunday, against a working day.
WEEKEND = 0.1
#: Hours that a member's clock is ahead of UTC, with shares: most people of a site live near each other.
CLOCKS = {-5: 0.08, 0: 0.15, 1: 0.45, 2: 0.2, 5: 0.07, 8: 0.05}
#: Households that home addresses are drawn from; two members now and then share one.
HOUSEHOLDS = 40_000

#: A newcomer's first day: who imports an address book, its median size, the share of its numbers that are people of
#: the site, who looks single people up, who follows people, how many (mean, spread), who looks for colleagues.
IMPORTS, BOOK, BOOK_KNOWN = 0.7, 90, 0.4
LOOKS_UP, FOLLOWS, FOLLOWED, COLLEAGUES = 0.6, 0.85, (50, 12), 0.5
#: On which share of the days after the first a newcomer comes back.
RETURNS = 0.6
#: A newcomer's account is this old at the first visit: seconds, log-uniform between the two.
FIRST_VISIT_S = (180.0, 20 * 3600.0)

#: A recruiter's day: median and spread of profiles; the 99.9th percentile is then near RECRUITER_14_DAYS / 10.
RECRUITER_DAY, RECRUITER_SPREAD = 45.0, 0.72
#: Cases of one person at a support desk a day, mean; the share that begins with a search, a telephone number, a mail
#: address.
CASES, CASE_SEARCH, CASE_PHONE, CASE_MAIL = 22, 0.2, 0.35, 0.25
#: People of the site behind one address of an office, one desk, one campus (4 addresses), one carrier (8 addresses).
PER_OFFICE, PER_DESK, PER_CAMPUS, PER_CARRIER = 25, 6, 200, 240
#: Profiles a crawler's address fetches a day, pages of 50 that a researcher asks for a day, at most. A run has far more
#: crawlers and researchers than a site of its size would, so that their rates have a sample; each does little.
CRAWLED, RESEARCH_PAGES, RESEARCH_QUOTA = 8.0, 3.0, 10
