"""The words of himaya, in the order in which one request meets them. No code here; read on from top to bottom.

exchange    a Request, its Response, and the Exchange when both are over; a Person in a response
actor       who asks: account, session, API key, address and what follows from it
surface     a declared route that shows people: which subject, which fields, how many at most
version     which values of these fields were shown, as keyed hashes
disclosure  the fact that fields of a subject were sent to an actor, and how sure that is
facts       what only the application knows: accounts, subjects, near pairs; and which subjects are canaries
policy      the site's rules as data: budgets, sensitivity, ladder, detectors, challenges, bounds
window      the different people one principal has seen, per hour, day and month
budget      which principals a request has, and the limits of each
assets      who asks for style sheets, scripts and pictures: browsers do
book        all windows, bounded
clearances  what solved challenges bought
ticket      what one request in flight has reserved; flight: all of them
prices      what people cost a ticket; settle: what was reserved becomes counted people, or is freed
decision    allow, throttle, challenge, redact or block, with reasons; ladder: which of them
detectors   small units that turn observations into findings; watchers: all of them at work
seasons     how many people are usual at this hour of the week, for a whole class of actors
finding     a detector crossed its threshold
effect      what the core asks the edge to do; the core itself does nothing
engine      decide, admit, record

The core is pure: time, keys and random ids come in as arguments; results and effects are values.
"""
