"""Regimes: what each authority's law asks for after people were taken, as dated data with its sources.

Read in this order:

    ladder    thresholds, the lowest rung first
    contents  what a notice may have to say, in words
    regime    one regime as a struct: the keys of `data/ID.toml`
    reading   files of the package, and a site's own over them; errors name file, line and key
    checks    what must hold of a regime beyond its types
    table     all regimes together: which apply to a country
    marks     "unverified", "unconfirmed", "draft": what a reader must see beside a date

Nothing here is legal advice; counsel confirms an entry before a deadline is relied on.
"""

from __future__ import annotations

from himaya.response.regimes.ladder import LADDER as LADDER
from himaya.response.regimes.ladder import Threshold as Threshold
from himaya.response.regimes.marks import is_stale as is_stale
from himaya.response.regimes.marks import marks as marks
from himaya.response.regimes.regime import Limit as Limit
from himaya.response.regimes.regime import Notice as Notice
from himaya.response.regimes.regime import Party as Party
from himaya.response.regimes.regime import Regime as Regime
from himaya.response.regimes.table import Table as Table
from himaya.response.regimes.table import load_regimes as load_regimes
from himaya.response.regimes.table import regimes_for as regimes_for
