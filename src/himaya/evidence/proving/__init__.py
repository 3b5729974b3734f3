"""A result of the bench, read for people: the page, the terminal and `docs/benchmarks.md` show the same tables.

words    shares, intervals, spend and names as a person reads them
matrix   which attacker met which defence, who lost least, which rival setting is a family's best
sheet    a table before it becomes HTML, Markdown or a terminal's
loss     people obtained: the matrix, where rivals do better, hours and containment, variants, incidents
harm     what honest people went through
record   what the ledger said beside the attackers' disks, what attackers spent, what was run
story    three sentences of summary, and what the figures cannot say
"""
