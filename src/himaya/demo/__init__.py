"""The demo: an invented social site, the people who use it, and those who collect it.

Words in the order of reading:

`names`, `people`   a seeded generator of invented members, their towns, work, friends and posts
`portrait`          a face drawn as SVG from a handle, so that no photograph of anybody is needed
`site`, `pages`, `serve`   the site itself: one small process, plain HTML, no JavaScript
`harvest`           what a scraper reads out of the bodies it gets
`scrapers`, `crowd` who collects people, and who simply uses the site
`tally`, `scene`    what is counted while it happens
`stage`, `story`    starting site and gate, running both sides at the same time, stopping them
`table`, `proof`, `closing`   the live table, the diff against the ledger, the last screen
`counts`, `report`  the ledger's own counts, and the page made of them

The small HTTP server, the client and the keeper of processes are those of `himaya.bench.live`.

The site knows nothing of himaya except two response headers that it sets as any site would.
"""
