"""The world: people, how they know each other, and the site that shows them.

Read in this order:

    knobs    how large, which ids, which graph; the file that says so
    fields   what the site shows of a person, and how sensitive that is
    people   who there is: community, employer, popularity, settings, telephone number
    graph    who knows whom
    ids      how a person is named in a link
    site     from an ask to an answer
    links    the asks a client can make
"""
