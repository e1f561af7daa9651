"""What of an event may be shown to people: of a poll's count, no number over so few that it tells of them (R15).

The trail keeps the numbers, so that a box can be counted again; whoever shows an entry shows it in this form. Only what
verifies a trail, or carries it to another database, reads the stored one.
"""

from __future__ import annotations

import attrs

from phaseflow.messages.events.base import Entry, Event
from phaseflow.messages.events.polls import EdgeResult, PollCounted, PollDecided


def shown(event: Event) -> Event:
    """An event as it may be shown; every event but the count of a poll is shown as it is.

    Of a result over fewer answers than the smallest group the band stays, and every number goes: its lines of the
    tally, its parts, and the share of the whole poll, from which it could be had by subtraction. Where nobody answered
    at all there is nobody to hide.
    """
    match event:
        case PollCounted(suppressed=True):
            answered = {line[:2] for line in event.tally}
            small = {where for result in event.results if result.suppressed and (where := _of(result)) in answered}
            if not small:
                return event
            return attrs.evolve(
                event,
                tally=tuple(line for line in event.tally if line[:2] not in small),
                results=_without_numbers(event.results, small),
                share=None,
            )
        case PollDecided(results=results):
            small = {_of(result) for result in results if result.suppressed}
            return attrs.evolve(event, results=_without_numbers(results, small), share=None) if small else event
        case _:
            return event


def shown_entry(entry: Entry) -> Entry:
    """An entry whose event is as it may be shown."""
    event = shown(entry.event)
    return entry if event is entry.event else attrs.evolve(entry, event=event)


def _of(result: EdgeResult) -> tuple[str, str]:
    return result.edge, result.rated


def _without_numbers(results: tuple[EdgeResult, ...], small: set[tuple[str, str]]) -> tuple[EdgeResult, ...]:
    return tuple(
        attrs.evolve(result, favourable=None, base=None) if _of(result) in small else result for result in results
    )
