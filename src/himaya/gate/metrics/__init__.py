"""How a running gate is, in figures: counters on the way, and what is read when somebody asks.

meter       plain counters for what is not counted anywhere else; nothing here knows Prometheus
names       closed sets: the only values that labels may have
catalogue   every metric by name, with its help and labels; docs/metrics.md says the same
collect     reads engine, runner, ledger and listeners when somebody asks
pages       /metrics, /health and /ready over HTTP
"""
