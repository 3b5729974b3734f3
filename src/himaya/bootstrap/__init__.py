"""The composition root: the only place that picks implementations.

`parts` makes a ledger, an engine and a runner from a configuration, for whoever owns them; `gate` puts the gate
together, `register` the cases. Nothing is imported here: a command about cases needs no engine, and starts without one.
"""
