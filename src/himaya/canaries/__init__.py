"""Canaries: people who do not exist, made for a site, and a check that nobody comes to them by chance.

names    names of invented syllables, none of which is a real one
make     canaries from the site's key: who, with which id, in which place
files    what is written: records for the site's database, and the secret list
check    which canaries accounts with an ordinary history were shown: there the placing leaks
"""

from __future__ import annotations
