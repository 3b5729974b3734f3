"""What an audit of ids told, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.bench.walking.outcome import Asked, Guess, IdsAudit, RouteIds, Shape, SiteAudit


def ids_story(audit: IdsAudit) -> Iterator[str]:
    """Yield the lines that the command prints for logs or a file."""
    for route in audit.routes:
        yield from _route(route)
        yield ""
    if not audit.routes:
        yield "No id was seen on any route."
    if audit.guessed:
        yield "The routes were guessed from the log; a --config says which they are."
    yield from audit.notes


def _route(route: RouteIds) -> Iterator[str]:
    yield f"{route.surface} {route.route}: {route.verdict.upper()}. {_sentence(route.why)}"
    yield f"  ids: {route.ids:,}{_exist(route)}; {_looks(route.shape)}"
    if route.requests:
        yield (
            f"  requests: {route.requests:,}, of which {route.missed:,} found nobody and {route.refused:,} were refused"
        )
    if route.order is not None:
        order = route.order
        yield (
            f"  numbers: {order.in_runs:.0%} have a neighbour one away, the usual gap is {order.median_gap:,.0f},"
            f" {order.filled:.2g} of their range was seen"
        )
    if route.clock is not None:
        clock = route.clock
        yield f"  time: {clock.share:.0%} hold a moment ({clock.format}), from {clock.first} to {clock.last}"
    yield f"  entropy: {sum(route.bits):.0f} bits at most over {len(route.bits)} characters"
    yield from map(_guess, route.guesses)
    yield from _reuse(route)
    if route.left_out:
        yield f"  left out: {route.left_out:,} requests, as more ids were seen than are kept"
    yield from (f"  -> {each}" for each in route.advice)


def _exist(route: RouteIds) -> str:
    low, likely, high = route.people
    if high <= route.ids:
        return ""
    return f" seen, {likely:,.0f} likely to exist (95 %: {low:,.0f} to {high:,.0f})"


def _looks(shape: Shape) -> str:
    span = (
        f"{shape.shortest} to {shape.longest}"
        if shape.shortest < shape.longest
        else f"{shape.usual}"
    )
    prefix = f', beginning with "{shape.prefix}"' if shape.prefix else ""
    hidden = f", as {shape.hidden}" if shape.hidden else ""
    return f"{shape.kind}{hidden}{prefix}, {span} characters of {shape.alphabet}"


def _guess(guess: Guess) -> str:
    if guess.chance < 1e-9:
        chance = f"1 in 2^{guess.bits:.0f}" if guess.bits else "none found"
        return f"  guess, {guess.how}: {chance} (95 %: at most {guess.high:.2g})"
    share = f"{guess.chance:.2g} of tries find somebody"
    return f"  guess, {guess.how}: {share} (95 %: {guess.low:.2g} to {guess.high:.2g})"


def _reuse(route: RouteIds) -> Iterator[str]:
    reuse = route.reuse
    if reuse is None:
        return
    told = ", ".join(f"{name} ({count:,})" for name, count in reuse.told_by.items())
    if not reuse.again:
        yield f"  other viewers: no id was used twice, so the log cannot tell (told apart by {told})"
        return
    yield (
        f"  other viewers: of {reuse.again:,} ids used more than once, {reuse.by_several:,} ({reuse.share:.0%}; 95 %:"
        f" {reuse.low:.1%} to {reuse.high:.1%}) worked for several viewers (told apart by {told})"
    )


def site_story(audit: SiteAudit) -> Iterator[str]:
    """Yield the lines that the command prints for one's own site."""
    looks = f"; {_looks(audit.shape)}" if audit.shape is not None else ""
    yield f"{audit.url}{audit.path}: {audit.listed:,} ids were shown to viewer A{looks}."
    for asked in (audit.own, audit.other, audit.nobody, *audit.guesses):
        if asked is not None:
            yield _asked(asked)
    yield ""
    yield _passes_on(audit)
    yield (
        "GUESSABLE: guesses showed somebody. Give people ids that nobody can count to (docs/ids.md)."
        if audit.guessable
        else f"{sum(each.asked for each in audit.guesses):,} guesses showed nobody."
    )
    if audit.stopped:
        yield f"Stopped early: {audit.stopped}. What was not asked is not answered."
    yield f"{audit.requests:,} requests. " + " ".join(audit.notes)


def _asked(asked: Asked) -> str:
    refused = f", {asked.refused} refused" if asked.refused else ""
    return (
        f"  {asked.how}: {asked.shown} of {asked.asked} showed somebody{refused}"
        f" (95 %: {asked.low:.1%} to {asked.high:.1%})"
    )


def _passes_on(audit: SiteAudit) -> str:
    if not audit.passes_on:
        return "Ids of viewer A showed nobody to others."
    others = [
        name
        for name, asked in (("viewer B", audit.other), ("whoever has no login", audit.nobody))
        if asked is not None and asked.shown
    ]
    return (
        f"PASSED ON: ids shown to viewer A work for {' and for '.join(others)}, so one account can collect them for"
        " many. himaya.ids makes ids that work for one viewer (docs/ids.md)."
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
