"""What asking a staging site told, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from himaya.bench.staging.outcome import PatternLoss, ProbeResult, StagingResult

_NAMED = 20


def staging_story(result: StagingResult) -> Iterator[str]:
    """Yield the lines that the command prints."""
    yield (
        f"{result.target}: {result.people_lost:,} of {result.test_people:,} test people lost"
        f" ({result.share_lost:.1%}), with {result.requests:,} requests."
    )
    if result.fields_lost:
        fields = ", ".join(f"{name} of {count:,}" for name, count in result.fields_lost.items())
        yield f"Fields lost: {fields}."
    for pattern in result.patterns:
        yield ""
        yield from _pattern(pattern)
    yield ""
    for surface, why in result.left_out.items():
        yield f"Not asked: {surface}, because {why}."
    if result.redirects_left:
        yield f"{result.redirects_left:,} redirects led off the target and were not followed."
    if result.stopped:
        yield f"Stopped early: {result.stopped}."
    yield from result.notes


def _pattern(loss: PatternLoss) -> Iterator[str]:
    before = "never refused" if loss.before is None else f"{loss.before:,} before the first refusal"
    yield f"{loss.title}: {loss.people:,} people, {before}; {loss.ended}. ({loss.how})"
    for each in loss.surfaces:
        fields = ", ".join(f"{name} {count:,}" for name, count in each.fields.items())
        told = f" ({fields}; {'as read' if each.read else 'as declared'})" if fields else ""
        yield f"  {each.surface}: asked {each.asked:,}, refused {each.refused:,}, people {each.people:,}{told}"


def probe_story(result: ProbeResult) -> Iterator[str]:
    """Yield the lines that the command prints."""
    verdict = "exactly these" if result.equal else "NOT exactly these"
    yield (
        f"{result.actor} obtained {result.obtained:,} of {result.test_people:,} test people from {result.start} to"
        f" {result.end}; the ledger names {result.named:,}: {verdict}."
    )
    yield from _listed("Obtained and not named", result.missing)
    yield from _listed("Named and not obtained", result.surplus)
    yield from _listed("Refused or not there", result.not_obtained)
    if result.unattributed:
        yield f"Up to {result.unattributed:,} more could not be named."
    for gap in result.unobserved:
        yield f"Not observed from {gap.start} to {gap.end}: {gap.why}"
    yield result.note


def _listed(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        yield f"{what}: {', '.join(names[:_NAMED])}{more}."
