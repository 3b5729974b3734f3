"""Letters to whoever took people's data, and to whoever hosts or sells it. Drafts, until a person releases them.

Read in this order:

    forms      the kinds of letters, whom each goes to, on which grounds
    addressee  who it goes to, how that was established, how sure it is
    evidence   what the ledger says of the actors: counts that equal the ledger's, and nobody who was taken
    annex      the evidence, signed
    wording    the texts of each language, and whether somebody reviewed them
    writing    a letter from its draft: parts, as text and as HTML
    standing   what the acts of a case say of its letters: drafted, released, sent, answered, overdue
"""

from __future__ import annotations
