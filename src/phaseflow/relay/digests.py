"""What several notices come to in one telling (R27). Values in, values out; nothing is called or looked up here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from phaseflow.core.notices import Notice
from phaseflow.relay.manner import BY_CLOCK


class Told(Protocol):
    """Something with a notice in it."""

    @property
    def notice(self) -> Notice: ...


T = TypeVar("T", bound=Told)


def latest_only(parcels: Sequence[T], missed: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Of what was *missed*, keep the latest of each subject; say what is kept, and what is not.

    Only what the clock gave rise to can be left out: an approval that came late is told as any other.
    """
    last: dict[object, int] = {}
    spare = [parcel.notice.kind in BY_CLOCK and missed(parcel) for parcel in parcels]
    for place, parcel in enumerate(parcels):
        if spare[place]:
            last[_subject(parcel.notice)] = place
    kept = [p for place, p in enumerate(parcels) if not spare[place] or last[_subject(p.notice)] == place]
    left = [p for place, p in enumerate(parcels) if spare[place] and last[_subject(p.notice)] != place]
    return kept, left


def _subject(notice: Notice) -> tuple[str, str, str]:
    return notice.run, notice.subject, notice.while_open


def digest_id(parts: Sequence[str]) -> str:
    """The id of a digest: the same whenever the same deliveries go out together, and no one else's.

    One that has grown since a failed attempt has another id, or a receiver would drop what is new in it.
    """
    return f"digest:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:40]}"


def summary(notices: Sequence[Notice]) -> Notice:
    """One notice that stands for several, for a plugin that has no hook for digests: one line of data for each."""
    last = notices[-1]
    width = len(str(len(notices)))
    return Notice(
        kind="digest",
        run=last.run,
        unit=_common([notice.unit for notice in notices]),
        campaign=_common([notice.campaign for notice in notices]),
        at=max(notice.at for notice in notices),
        subject="digest",
        title=str(len(notices)),
        zone=last.zone,
        data={f"{number:0{width}d}": _line(notice) for number, notice in enumerate(notices, start=1)},
        clause=tuple(dict.fromkeys(clause for notice in notices for clause in notice.clause)),
    )


def _common(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


def _line(notice: Notice) -> str:
    due = notice.data.get("due", "")
    return f"{notice.kind}: {notice.title or notice.subject}{f' ({due})' if due else ''}"
