"""The story of one incident on invented people, from the first signal to the closed case, told by the product itself.

`residents` says who lives where, `traffic` writes what the site's log would have, `hands` runs commands as the named
demo operators, the `*_steps` are the story in its order, `checks` compare what came of it, `page` shows it.
"""

from __future__ import annotations
