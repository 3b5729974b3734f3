"""What himaya shows to people who must be convinced: reports, made of data that were counted before.

`data` is what a report says, `scan` fills it, `story` says it in sentences, `plots` draw it, `page` renders it,
`report` is the door for the rooms above.
"""
