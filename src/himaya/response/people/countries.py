"""Which texts name a country or a part of one: ISO 3166-1 alpha-2, and ISO 3166-2 in its form."""

from __future__ import annotations

import re
from typing import Final

from himaya.core.errors import InputError

#: ISO 3166-1 alpha-2, officially assigned, and XK, which users assign to Kosovo.
ASSIGNED: Final = frozenset(
    (  # noqa: SIM905  (a list of codes reads best as words)
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY"
        " BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK"
        " FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR"
        " IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK"
        " ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM"
        " PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF"
        " TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
    ).split()
)
#: Codes that people write, and what they mean.
_MEANT: Final = {"UK": "GB", "EL": "GR"}
_CODE: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")


def country_of(text: str, *, file: str = "", line: int = 0) -> str:
    """Return a code such as `ES` or `CA-QC`, "" for no text: unknown. Raises InputError, which names file and line."""
    code = text.strip()
    found = _CODE.fullmatch(code)
    if not code or (found and found[1] in ASSIGNED):
        return code
    upper = code.upper()
    meant = _MEANT.get(upper[:2], upper[:2]) + upper[2:]
    right = _CODE.fullmatch(meant)
    hint = f"; write {meant}" if right and right[1] in ASSIGNED else ""
    what = (
        "no country of ISO 3166-1 (two capital letters, with a part such as CA-QC where it matters)"
    )
    raise InputError(f"{code[:40]!r} is {what}{hint}", file=file, line=line)
