"""Questions over the ledger: what its rows say when many of them are looked at together.

Nothing here sees a request. The rooms above ask when somebody wants to know, or every few seconds; the answers
are values.
"""
