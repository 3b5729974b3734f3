"""How a person is named in a link: in sequence, at random, or differently for each viewer."""

from __future__ import annotations

from hashlib import blake2b

from himaya.bench.world.knobs import Knobs

_MASK = (1 << 32) - 1


class Names:
    """Subjects and links. A subject names a person to himaya; a link is what stands in a URL.

    With sequential and random ids both are the same. Per-viewer links are sealed for whoever was shown them: the same
    person has another link for another viewer, and a link that is made up or passed on leads nowhere.
    """

    def __init__(self, knobs: Knobs, seed: int) -> None:
        """Name everybody."""
        self._key = blake2b(f"ids:{seed}".encode(), digest_size=16).digest()
        self.shape = knobs.ids
        self.per_viewer = knobs.ids == "per-viewer"
        if knobs.ids == "sequential":
            self.subjects = [str(n) for n in range(1, knobs.people + 1)]
        else:
            self.subjects = [self._random(n) for n in range(knobs.people)]
        self._person = {name: n for n, name in enumerate(self.subjects)}

    def _random(self, person: int) -> str:
        digest = blake2b(person.to_bytes(8, "big"), key=self._key, digest_size=8).hexdigest()
        return f"u{digest}"

    def person(self, subject: str) -> int:
        """Return whom a subject names, -1 for nobody."""
        return self._person.get(subject, -1)

    def link(self, viewer: str, subject: str) -> str:
        """Return the link under which this viewer is shown a subject."""
        if not self.per_viewer:
            return subject
        person = self._person[subject]
        return f"{person ^ self._mask(viewer):08x}{self._seal(viewer, person)}"

    def open(self, viewer: str, link: str) -> int:
        """Return whom a link leads to for this viewer, -1 for nobody."""
        if not self.per_viewer:
            return self._person.get(link, -1)
        if len(link) != 24 or not link.isalnum():
            return -1
        try:
            person = int(link[:8], 16) ^ self._mask(viewer)
        except ValueError:
            return -1
        fits = person < len(self.subjects) and link[8:] == self._seal(viewer, person)
        return person if fits else -1

    def _mask(self, viewer: str) -> int:
        digest = blake2b(viewer.encode(), key=self._key, digest_size=4).digest()
        return int.from_bytes(digest, "big") & _MASK

    def _seal(self, viewer: str, person: int) -> str:
        text = f"{viewer}\0{person}".encode()
        return blake2b(text, key=self._key, digest_size=8).hexdigest()
