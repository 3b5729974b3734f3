"""REG-8: a notice to an authority that lacks an item of its list is not ready, and cannot be released or filed."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.notices import Site
from tests.acceptance.promise import broken, require

ITEMS = {
    "cause": "A way in without a limit.",
    "consequences": "Unwanted mail.",
    "measures": "It is closed.",
}


def a_missing_item_blocks(directory: Path, *, asked: bool) -> None:
    """A notice is drafted with nothing, with one item, with all; `asked`: the authority's list asks for them."""
    site = Site(directory, {"ES": 3, "": 1})
    needs = site.needs(["nature", "subject_count", *(ITEMS if asked else [])])
    for number in (0, 1):
        said = [word for key in list(ITEMS)[:number] for word in ("--set", f"{key}={ITEMS[key]}")]
        draft = site.drafted("ES", "authority", "--needs", needs, *said)
        missing = list(ITEMS)[number:]
        require(draft["missing"] == missing, "each missing item is named")
        require(draft["stage"] == "not ready", "and the draft is not ready")
        refusal = site.refused("release", site.case, draft["id"], "--why", "as it is")
        require(f"not ready: missing {', '.join(missing)}" in refusal, "nor released")
    whole = [word for key, text in ITEMS.items() for word in ("--set", f"{key}={text}")]
    draft = site.drafted("ES", "authority", "--needs", needs, *whole)
    require(draft["stage"] == "ready", "with all of them it is ready")
    site.told("release", site.case, draft["id"], "--why", "checked")


def test_reg_8_a_missing_item_blocks(tmp_path):
    """Until cause, consequences and measures are given the notice says what is missing and is not released."""
    a_missing_item_blocks(tmp_path, asked=True)


def test_reg_8_twin_a_missing_item_blocks(tmp_path):
    """Where the list does not ask for them, nobody notices that they are missing."""
    with broken("each missing item is named"):
        a_missing_item_blocks(tmp_path, asked=False)
