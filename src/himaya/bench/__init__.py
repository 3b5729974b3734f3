"""The proving ground: honest crowds, those who collect people, and what stands between, scored in people.

Read in this order:

    asks       what goes over the wire: ask, answer, reply, client
    world/     the people and the site that shows them
    networks   who is behind which address
    crowd/     honest visitors: their visits, and how they react to a defence
    attackers/ those who collect: what they have, what they do, how they react
    disk       what an operation really obtained
    defences/  no defence, himaya, and models of the rules in use elsewhere
    run        everybody on one virtual clock
    score/     from runs to figures: losses, harm, truth, with intervals
    scene, playing, matrix, proving    one seed; one cell; all cells; the result
    logs       the traffic as access logs, with the truth beside them
    inject     synthetic attackers in a site's own past traffic
    live/      the same over real HTTP on loopback, with real tools and real defences
    staging/   a site's staging host that agrees by a token
    outside/   attackers and crowds from files that are not ours

Nothing here has a private door into the product: `defences.himaya` makes the three calls that the proxy makes.
"""
