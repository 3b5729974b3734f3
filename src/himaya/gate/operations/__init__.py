"""Endpoints of many operations, opened: what one request asks for becomes parts, each priced by a surface of its own.

documents   a GraphQL text as the fields it selects, by a real parser, bounded and remembered by its hash
asked       an HTTP request as the operations it asks for, or the admission that nobody can tell
shapes      what the configuration declares about an endpoint, as paths of the schema
views       one place of people in an answer: who is there, and how they are taken out
batches     a body that asks for several routes at once
parts       what all of these have in common
opener      a request in, its parts out
bundle      all parts of one request, decided, admitted and recorded together
passage     a bundle on its way through the reverse proxy; visit: through a middleware

What cannot be read is charged to the surface of the endpoint that stands for all that nobody declared.
"""
