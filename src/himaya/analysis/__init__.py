"""Questions over the ledger that need many rows and some time: who works together, and whether the bound held.

Nothing here decides about a request. What is found goes back to the engine as members of a group, or out as values.
"""
