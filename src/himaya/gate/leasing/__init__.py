"""Leases between workers and the authority: a worker allows some requests by itself, and tells of them in batches.

office     the authority's side: lends, and settles what workers tell, each batch once
credit     a worker's side: the leases in its hand, and what its requests draw from them
outbox     a worker's side: exchanges that are over and not told yet, bounded, in order
leasing    both of these for one process, also after a fork
"""
