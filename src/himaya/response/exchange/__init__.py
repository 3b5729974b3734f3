"""What goes between sites: indicators in and out, and claims of outsiders. Never a person's data.

`alerts` and `table` read what others found, `indicators` gathers what the actors of a case came with, `stix` and
`misp` write it.
"""

from __future__ import annotations
