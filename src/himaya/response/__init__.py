"""The room that answers: cases, whom they concern, what each law asks, and what is written to whom.

An act of a person is an entry of the register and nothing else changes a case. What is computed (affected people,
deadlines, drafts) follows from entries, the ledger and the table of regimes; it is never stored as a truth of its own.
Machines make no legal acts: they open, measure, remind and send what a person released.
"""
