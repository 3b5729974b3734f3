"""The price of scraping a site: made-up attackers are mixed into its own past traffic, under its own configuration.

past       the logs, read as often as needed, in the order of time
people     whom the site shows, and what asking for them looks like
attackers  who is mixed in
gate       the engine before both: the traffic of the past, and those mixed in
price      one attacker at a time; what each got, what it spent, whom it harmed
words      the same in sentences
"""

from himaya.bench.inject.outcome import Injection
from himaya.bench.inject.price import inject
from himaya.bench.inject.words import story

__all__ = ["Injection", "inject", "story"]
