"""himaya: keep profiles from being scraped, and say exactly who was exposed to whom."""

from himaya._version import __version__

__all__ = ["__version__"]
