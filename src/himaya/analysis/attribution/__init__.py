"""Comparing a file that somebody found with the ledger: whose rows could have become it, and when.

Read in this order:

    reading   the file, row by row
    people    which of its rows are people of ours
    overlap   the questions to the ledger, as Ibis expressions
    measure   how many people of the file each actor and case was shown
    chance    how many chance alone would give, and p-values
    rates     how often a comparison named somebody wrongly, as measured
    versions  whether it was shown people as the file has them
    marked    whose choices of renderings the file has
    ranking   candidates in order, complete with names and networks
    result    the answer, as values
    compare   all of it

A comparison gives a lead, never a verdict. Rows of the file that are not ours are neither kept nor written anywhere.
"""

from __future__ import annotations

from himaya.analysis.attribution.compare import Terms, compare
from himaya.analysis.attribution.marked import MarksWanted
from himaya.analysis.attribution.people import gather
from himaya.analysis.attribution.reading import FileRows, Wanted, form_of
from himaya.analysis.attribution.result import Compared

__all__ = ["Compared", "FileRows", "MarksWanted", "Terms", "Wanted", "compare", "form_of", "gather"]
