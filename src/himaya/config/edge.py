"""Which surfaces nginx may serve for a while without asking, and how much that may be."""

from __future__ import annotations

import msgspec


class EdgeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Passes: nginx may let one actor through for `pass_s` seconds without asking about every page.

    `surfaces` are the ids for which it may, none by default; all others are always asked. `directory` is where nginx
    keeps the passes (`proxy_cache_path`) and the gate withdraws them. One address is let through at most
    `per_minute` requests a minute after a first `burst`; beyond that nginx asks. At most `passes` at a time.
    """

    surfaces: tuple[str, ...] = ()
    directory: str = "/run/himaya-edge"
    pass_s: int = 20
    per_minute: int = 60
    burst: int = 10
    passes: int = 10_000

    @property
    def unasked(self) -> int:
        """Return how many requests of one address nginx may let through during a pass.

        A bucket that holds `burst` and drains `per_minute` (nginx `limit_req`), and the request under way. nginx
        counts whole seconds, and keeps an answer through the last of them.
        """
        return 1 + self.burst + -(-self.per_minute * (self.pass_s + 1) // 60)
