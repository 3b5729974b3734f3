"""Ways of collecting that several attackers share: walk a list, crawl from friend to friend, turn pages, count."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from himaya.bench.asks import Reply
from himaya.bench.attackers.attacker import Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.world import links as at

#: A list that leads nowhere so many times in a row is given up.
_MISSES = 500


def walk(hand: Hand, op: Operation) -> Work:
    """Open the profiles of a list, one after the other; without a list that leads anywhere, crawl."""
    links = op.links(hand)
    if not links:
        yield from crawl(hand, op)
    for link in links:
        yield at.profile(link)


def crawl(hand: Hand, op: Operation) -> Work:
    """Go from friend to friend: a profile, its friends, theirs. Hands share what they found where links allow it."""
    shared = not op.world.names.per_viewer
    waiting, known = (op.waiting, op.known) if shared else (deque[str](), set[str]())
    yield from _seeds(hand, op, waiting, known)
    while waiting:
        link = waiting.popleft()
        reply = yield at.profile(link)
        if reply is not None and reply.refused:
            continue
        page, more = 0, True
        while more and page < 2:
            reply = yield at.friends(link, page)
            _queue(op.seen(hand, reply), waiting, known)
            more, page = bool(reply and reply.more), page + 1


def _seeds(hand: Hand, op: Operation, waiting: deque[str], known: set[str]) -> Work:
    """Begin with a few searches."""
    for _ in range(3):
        reply = yield at.suggest(hand.rng.randrange(op.world.people.surnames))
        _queue(op.seen(hand, reply), waiting, known)


def _queue(links: Iterable[str], waiting: deque[str], known: set[str]) -> None:
    for link in links:
        if link not in known:
            known.add(link)
            waiting.append(link)


def search(hand: Hand, op: Operation) -> Work:
    """Turn the pages of search results, employer after employer, then surname after surname."""
    count = len(op.hands)
    words = [f"org:{n}" for n in range(op.world.people.employers)]
    words += [f"name:{n}" for n in range(op.world.people.surnames)]
    op.rng.shuffle(words)
    for word in words[hand.number :: count]:
        page, more = 0, True
        while more:
            reply = yield at.search(word, page)
            more, page = _goes_on(reply), page + 1


def _goes_on(reply: Reply | None) -> bool:
    return reply is not None and not reply.refused and reply.more


def pages(hand: Hand, op: Operation) -> Work:
    """Read the interface from the first page to the last, each hand its share of pages."""
    last = (op.world.count - 1) // at.PER_CALL
    for page in range(hand.number, last + 1, len(op.hands)):
        yield at.api(page)


def count_up(hand: Hand, op: Operation) -> Work:
    """Count ids up from 1, each hand its share; give up where nothing is found."""
    misses = 0
    for number in range(1 + hand.number, 2 * op.world.count, len(op.hands)):
        reply = yield at.profile(str(number))
        misses = misses + 1 if reply is not None and reply.status == 404 else 0
        if misses >= _MISSES:
            return


def phones(hand: Hand, op: Operation, most: int = 0) -> Work:
    """Try telephone numbers one by one, each hand its share of the numbers there can be, `most` in all (0: all)."""
    space = op.world.people.phones.size
    for number in range(hand.number, min(space, most or space), len(op.hands)):
        yield at.by_phone(number)


def emails(hand: Hand, op: Operation, most: int = 0) -> Work:
    """Try mail addresses one by one."""
    space = op.world.people.emails.size
    for number in range(hand.number, min(space, most or space), len(op.hands)):
        yield at.by_email(number)
