"""Cases: what is known, who decided what and when, in a register that only grows.

`rules` says what may be done, by whom, in which state; `case` is what the acts add up to; `register` keeps them.
"""

from __future__ import annotations

from himaya.response.cases.acts import MACHINE as MACHINE
from himaya.response.cases.acts import Act as Act
from himaya.response.cases.acts import Entry as Entry
from himaya.response.cases.case import Case as Case
from himaya.response.cases.case import read_case as read_case
from himaya.response.cases.register import Register as Register
from himaya.response.cases.rules import State as State
