"""What the matcher is measured against: one that tries everything."""

from __future__ import annotations


def most(points, spans):
    """Return how many pairs there can be: augmenting paths, the textbook way."""
    owner: dict[int, int] = {}

    def find(point: int, seen: set[int]) -> bool:
        for index, (low, high) in enumerate(spans):
            if low <= points[point] <= high and index not in seen:
                seen.add(index)
                if index not in owner or find(owner[index], seen):
                    owner[index] = point
                    return True
        return False

    return sum(find(point, set()) for point in range(len(points)))
