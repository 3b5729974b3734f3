"""The honest crowd: who visits the site without collecting anybody, and what happens to them.

plan      every visit of every member of a run, drawn beforehand, in the order of time
group     the interface of a group, and the building stones of a visit
figures   the published figures the groups rest on, each with its source
groups    all of them in their order, from members, newcomers, workers, shared, strangers, machines
rhythm, circle, dress, sitting, browsing   when they come, whom they look at, as what a front door sees them, how
lives     how honest people react: they solve, come back later, or give up, and what they went through
"""
