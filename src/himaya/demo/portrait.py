"""A portrait drawn from a handle: the same handle gives the same SVG; no photograph is used."""

from __future__ import annotations

import random
from functools import lru_cache

_SKINS = ("#f6d7c3", "#eec1a2", "#dda57e", "#c68a5f", "#a86d45", "#8a5533", "#6c3f26", "#f2cba8")
_HAIRS = ("#2a1f1a", "#3c2a20", "#5a3a22", "#7b4f2b", "#a8763e", "#c9a25b", "#8d8a86", "#1c1c22")
_CLOTHES = ("#2f5d62", "#7a3e48", "#31497a", "#5a6b3b", "#8a5a2b", "#4b3f72", "#9a4f2f", "#2d6a4f")
_SCARVES = ("#3e6b75", "#8c5a6b", "#4d5f8a", "#b0763f", "#5d7d58", "#6b5078")
_CAP = "M48 74c-4-34 14-48 32-48s37 13 32 48c-3-18-9-24-16-28-14 6-34 6-40 4-4 5-7 13-8 24z"
_BEARD = "M52 82c2 24 14 32 28 32s26-8 28-32c-4 8-12 8-18 6q-10-3-20 0c-6 2-14 2-18-6z"
_GROUNDS = (
    ("#f7dcc4", "#e9b78e"),
    ("#cfe5e4", "#93c1bf"),
    ("#dfe0f3", "#aeb3dc"),
    ("#e6edcf", "#bccb8d"),
    ("#f5d9dc", "#dfa6ae"),
    ("#f6e9bf", "#e2c979"),
)


@lru_cache(maxsize=4096)
def portrait(handle: str, look: str = "short") -> bytes:
    """Return the SVG document of a member's portrait, 160 by 160, UTF-8.

    `look` is one of long, bun, curly, short, bald, beard, scarf.
    """
    rng = random.Random(f"portrait:{handle}")
    skin, hair = rng.choice(_SKINS), rng.choice(_HAIRS)
    behind, before = _hair(look, hair, rng)
    parts = [
        _ground(rng),
        behind,
        _shoulders(rng, skin),
        _head(rng, skin),
        before,
        _face(rng, hair, bearded=look == "beard"),
        _glasses(rng),
    ]
    body = "".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="160" height="160"'
        f' role="img" aria-label="Portrait">{body}</svg>'
    ).encode()


def _ground(rng: random.Random) -> str:
    light, dark = rng.choice(_GROUNDS)
    x, y = rng.randint(10, 150), rng.randint(10, 60)
    return (
        f'<rect width="160" height="160" fill="{light}"/>'
        f'<circle cx="{x}" cy="{y}" r="{rng.randint(48, 80)}" fill="{dark}" opacity=".55"/>'
    )


def _shoulders(rng: random.Random, skin: str) -> str:
    cloth = rng.choice(_CLOTHES)
    neck = f'<path d="M68 98h24v26c0 8-24 8-24 0z" fill="{skin}"/>'
    shade = '<path d="M68 106c7 8 17 8 24 0v6c-7 8-17 8-24 0z" opacity=".14"/>'
    body = f'<path d="M22 160c2-30 24-40 46-43 6 9 18 9 24 0 22 3 44 13 46 43z" fill="{cloth}"/>'
    lapel = '<path d="M68 117l12 20 12-20 6 2-18 34-18-34z" fill="#fff" opacity=".8"/>'
    return neck + shade + body + (lapel if rng.random() < 0.4 else "")


def _head(rng: random.Random, skin: str) -> str:
    width, height = rng.randint(27, 31), rng.randint(33, 37)
    return f'<ellipse cx="80" cy="74" rx="{width}" ry="{height}" fill="{skin}"/>'


def _hair(look: str, hair: str, rng: random.Random) -> tuple[str, str]:
    """Return what is drawn behind the head and what is drawn over it."""
    cap = f'<path d="{_CAP}" fill="{hair}"/>'
    if look == "long":
        back = f'<path d="M44 70c0-34 18-46 36-46s36 12 36 46c0 22 4 40 8 52H36c4-12 8-30 8-52z" fill="{hair}"/>'
        return back, cap
    if look == "curly":
        return _curls(hair, rng), cap
    if look == "bun":
        return f'<circle cx="80" cy="22" r="14" fill="{hair}"/>', cap
    if look == "scarf":
        return "", _scarf(rng.choice(_SCARVES))
    return "", "" if look == "bald" else cap


def _curls(hair: str, rng: random.Random) -> str:
    spots = ((48, 62), (46, 46), (56, 32), (72, 25), (88, 25), (104, 32), (114, 46), (112, 62))
    return "".join(
        f'<circle cx="{x}" cy="{y}" r="{rng.randint(12, 16)}" fill="{hair}"/>' for x, y in spots
    )


def _scarf(colour: str) -> str:
    return (
        f'<path fill-rule="evenodd" d="M40 122c-2-20 0-34 0-50 0-32 18-48 40-48s40 16 40 48c0 16 2 30 0 50'
        'z M80 40c-16 0-24 14-24 34s10 33 24 33 24-13 24-33-8-34-24-34z" '
        f'fill="{colour}"/><path d="M50 118c18 12 42 12 60 0l6 16c-22 12-50 12-72 0z" fill="{colour}"/>'
        '<path d="M52 122c18 10 38 10 56 0" stroke="#000" stroke-opacity=".16" fill="none" stroke-width="2"/>'
    )


def _face(rng: random.Random, hair: str, *, bearded: bool) -> str:
    gap, smile = rng.randint(11, 13), rng.randint(4, 9)
    eyes = "".join(
        f'<circle cx="{80 + side * gap}" cy="74" r="2.9" fill="#26201d"/>'
        f'<path d="M{80 + side * gap - 6} 66q6-{rng.randint(3, 5)} 12 0" stroke="{hair}"'
        ' stroke-width="2.4" fill="none" stroke-linecap="round"/>'
        for side in (-1, 1)
    )
    nose = '<path d="M80 76v9q-1 3-4 2" stroke="#000" stroke-opacity=".22" fill="none" stroke-width="2"/>'
    mouth = f'<path d="M72 94q8 {smile} 16 0" stroke="#7c2f2b" stroke-width="2.6" fill="none" stroke-linecap="round"/>'
    beard = f'<path d="{_BEARD}" fill="{hair}" opacity=".92"/>'
    return (beard if bearded else "") + eyes + nose + mouth


def _glasses(rng: random.Random) -> str:
    if rng.random() > 0.22:
        return ""
    return (
        '<g fill="#fff" fill-opacity=".18" stroke="#2b2b30" stroke-width="2">'
        '<circle cx="68" cy="74" r="9.5"/><circle cx="92" cy="74" r="9.5"/>'
        '<path d="M77.5 73q2.5-2.5 5 0" fill="none"/></g>'
    )
