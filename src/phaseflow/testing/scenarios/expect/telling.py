"""Who is told: reminders, escalations and other notices of the day, and questions that are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from phaseflow.core.notices import Notice
from phaseflow.engine.texts import read_notice
from phaseflow.errors import Problem
from phaseflow.relay.recipients import Directory
from phaseflow.testing.scenarios.expect.look import Check, Look, compare_list, wanted_of
from phaseflow.testing.scenarios.spec import Names
from phaseflow.testing.stage import Stage


def notices(stage: Stage, name: str, day_of: datetime) -> list[tuple[Notice, frozenset[str]]]:
    """The notices of a run on the civil day of an instant, with the persons they go to."""
    day = stage.plan.calendar.day_of(day_of)
    found = []
    with stage.engine.store.transaction(write=False) as tx:
        stored = tx.notices(run=stage.runs[name].id)
    directory = Directory(stage.engine.store)
    for one in stored:
        notice = read_notice(one.body)
        if stage.plan.calendar.day_of(notice.at) != day:
            continue
        persons: set[str] = set()
        after, more = "", True
        while more:
            page = directory.page(notice, after=after, limit=500)
            persons |= {recipient.id for recipient in page.recipients}
            after, more = page.last, page.more
        found.append((notice, frozenset(persons)))
    return found


def notice_check(kinds: tuple[str, ...], key: str, verb: str) -> Check:
    def run(look: Look, wanted: Mapping[str, Names]) -> Iterator[Problem]:
        today = [one for one in notices(look.stage, look.name, look.stage.now) if not kinds or one[0].kind in kinds]
        for text, names in wanted.items():
            about = [one for one in today if _about(one[0], text, by_kind=not kinds)]
            persons = {who for _, found in about for who in found}
            roles = {role for notice, _ in about for role in notice.roles}
            named = set(wanted_of(names))
            missing = named - persons - roles
            covered = set(named) & persons
            for role in named & roles:
                covered |= set(look.stage.holders(look.name, role))
            if missing or persons - covered or (not named and about):
                yield look.differs(f"{key}.{text}", f"who is {verb} of '{text}' that day", list(names.names),
                                   sorted(persons) or sorted(roles), text)  # fmt: skip

    return run


def _about(notice: Notice, text: str, *, by_kind: bool) -> bool:
    if not by_kind:
        return notice.subject == text
    kind, _, subject = text.partition(" ")
    return notice.kind == kind and (not subject or notice.subject == subject)


def asked(look: Look, wanted: Names) -> Iterator[Problem]:
    rows = look.stage.rows(look.name, "question/")
    found = [row.role for _, row in rows if getattr(row, "answered", None) is None]
    yield from compare_list(look, "asked", "the roles that are asked", wanted, found)
