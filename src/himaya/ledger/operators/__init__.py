"""Who may do what to a ledger, and periods that open only to two of them.

roles        which role may run which command
statements   what operators sign on their own machines: cards, passes, retirements, shares
private      the passphrase-protected private file
standing     which cards the chain adds up to
acting       the check that stands before every command
halves       keys of a period, halved for every pair of holders
periods      sealing rows and names that are older than the open window
requests     what is asked of two operators before a period is opened
opening      two shares become the keys of periods, in memory
"""
