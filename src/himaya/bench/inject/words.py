"""The price of scraping a site, in sentences and a table."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.bench.inject.outcome import Harm, Injection, Price


def story(result: Injection) -> Iterator[str]:
    """Yield the lines that the command prints."""
    log = result.log
    yield (
        f"{log.lines:,} lines from {log.start} to {log.end}: {log.exchanges:,} requests for people by"
        f" {log.actors:,} actors, {log.people:,} people shown."
    )
    yield (
        f"Without an attacker this policy refuses {result.without.refused:,} of these requests"
        f" and trims {result.without.trimmed:,}."
    )
    yield ""
    for price in result.attackers:
        yield from _paragraph(price, result)
        yield ""
    yield from result.notes


def _paragraph(price: Price, result: Injection) -> Iterator[str]:
    of = "of the population" if result.declared else "of the people in the log"
    yield f"{price.title}: {price.people:,} people, {price.share:.2%} {of}. ({price.how})"
    yield f"  {_refusal(price)}"
    if price.per_1000 is not None:
        rate = price.per_1000
        yield (
            f"  1,000 people cost {rate.accounts:,.4g} accounts, {rate.addresses:,.4g} addresses,"
            f" {rate.requests:,.0f} requests, {rate.solved:,.4g} solved challenges."
        )
    yield f"  {_harm(price.harm)}"


def _refusal(price: Price) -> str:
    hours = (price.last_person_s or 0.0) / 3600
    taken = f" It took everybody within {hours:,.1f} hours." if price.everybody else ""
    if price.first_refusal is None:
        return f"Never refused.{taken}"
    return (
        f"First refused {price.first_refusal} ({price.action}) with {price.before:,} people, because {price.why};"
        f" {price.refused:,} refusals.{taken}"
    )


def _harm(harm: Harm) -> str:
    if not harm.actors:
        return "Nobody else would have noticed."
    return (
        f"{harm.actors:,} actors of the log would have been refused {harm.refused:,} more requests"
        f" and got {harm.trimmed:,} more answers trimmed."
    )
