"""What himaya tells others to keep out: the decision feed of bouncers, and lists for web servers and firewalls.

block       one decision about an address or a network, with its end, and what it costs honest people
store       all blocks of a site, on disk; usage: what bouncers say they enforced
collateral  how many ordinary accounts share an address or a network; seen: who is there right now
keeper      decides, records and ends blocks; rounds: what confirmed cases lead to
changes     what is published, and what each bouncer has not heard of yet
asked, wire the questions of CrowdSec's local API, and its answers
keys        who may read: names and hashes
lists       the same as text, JSON, and maps of nginx and HAProxy
api         the server of all that; house: the parts of a feed together
"""
