"""Measure how long the notices of one case take: asked of the ledger, made, and given to a mail server on this machine.

    python tools/bench_notices.py                       100,000 people, three times; each run is one `case notify send`
    python tools/bench_notices.py --people 2000 --runs 1     for a try, not for figures

Everybody has three fields, a quarter of the people each of four languages; a mail has the text and the HTML page.
The mail server takes everything at once and is a process of its own, so what a real one would need comes on top.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench.notice_site import NoticeSite  # noqa: E402  the path above leads there

#: Notices, and the seconds in which they have to be out (the aim of the issue).
_AIM_PEOPLE, _AIM_S = 100_000, 600.0


def main() -> int:
    """Measure and print; 1 when the aim is missed or a mail is."""
    options = _options()
    sink = subprocess.Popen(
        [sys.executable, ROOT / "tools/bench/mail_sink.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    port = int(sink.stdout.readline()) if sink.stdout else 0
    with tempfile.TemporaryDirectory(prefix="himaya-bench-") as scratch:
        runs = _runs(NoticeSite(Path(scratch), options.people, port), options.runs)
    taken, size = map(int, sink.communicate()[0].split())
    median = statistics.median(runs)
    told = {
        "people": options.people,
        "seconds": [round(one, 1) for one in runs],
        "median_s": round(median, 1),
        "per_second": round(options.people / median),
        "mails": taken,
        "bytes_each": size // max(taken, 1),
        "met": median <= _AIM_S * options.people / _AIM_PEOPLE,
    }
    print(json.dumps(told, indent=2))
    return not (told["met"] and taken == options.people * options.runs)


def _runs(site: NoticeSite, runs: int) -> list[float]:
    """Return the seconds of each run: one command, from its start to its end."""
    seconds = []
    for _ in range(runs):
        name = site.released()
        before = time.perf_counter()
        outcome = site.send(name)
        seconds.append(time.perf_counter() - before)
        if outcome["left"] or outcome["sent"] != site.people:
            raise SystemExit(f"not everybody was told: {outcome}")
    return seconds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=_AIM_PEOPLE)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
