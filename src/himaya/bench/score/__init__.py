"""The score: people obtained, people harmed, and whether the ledger tells the truth.

cell       what one run of one cell of the matrix gives: plain figures, no judgement
contained  when an operation stopped getting anywhere
intervals  how sure a rate or a mean is
result     the words of `himaya bench --json`
summary    cells of several seeds become one line of the result
"""
