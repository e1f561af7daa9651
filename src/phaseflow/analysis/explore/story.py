"""A counterexample as a scenario: the same acts in the words of ``phaseflow do``, for `phaseflow test` to play.

What is written here is text alone; how scenarios are read and played is the affair of `phaseflow.testing`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction

from phaseflow.analysis.explore.acts import Deed
from phaseflow.analysis.explore.answers import Answer
from phaseflow.core.plan.model import Plan
from phaseflow.messages import commands as m


def scenario(answer: Answer, plan: Plan, policy: str) -> str:
    """Write the counterexample of a refuted claim as a scenario file; *policy* is the name of the policy's file.

    Raises:
        ValueError: The claim is not refuted.
    """
    if not answer.commands:
        raise ValueError(f"there is no counterexample to '{answer.name}'")
    starts = [command for _run, command in answer.commands if isinstance(command, m.StartRun)]
    crowd = Counter(role for start in starts for person in start.persons for role in person.roles if "@" not in role)
    held = {person.id: person.roles[0] for start in starts for person in start.persons if "@" in person.roles[0]}
    bodies = {kind: list(names) for start in starts for kind, names in start.bodies.items()}
    lines = [f"policy: {policy}", f"start: {starts[0].start}", f"crowd: {json.dumps(crowd)}"]
    if held:
        lines.append(f"people: {json.dumps(held)}")
    if bodies:
        lines.append(f"bodies: {json.dumps(bodies)}")
    title = json.dumps(f"{answer.title}: not so", ensure_ascii=False)
    lines += ["scenarios:", f"  {title}:", "    note: |"]
    lines += [f"      {number}. {step}" for number, step in enumerate(answer.way, start=1)]
    lines.append("    story:")
    for run, command in _acts(answer.commands):
        place = f" in {run}" if plan.programme is not None else ""
        lines.append(f"      - {_moment(command.at, plan)} {command.by}{place}: {_words(command)}")
    where = f" in {answer.level}" if plan.programme is not None else ""
    lines.append(f"      - on: {_moment(answer.commands[-1][1].at, plan)}{where}")
    lines.append(f"        open: {json.dumps(answer.open) if answer.open else 'none'}")
    if answer.ended:
        lines.append(f"        outcome: {answer.ended}")
    return "\n".join(lines) + "\n"


def _moment(instant: datetime, plan: Plan) -> str:
    return f"{plan.calendar.local(instant):%Y-%m-%d %H:%M:%S}"


def _acts(log: Iterable[Deed]) -> Iterator[Deed]:
    """What people did; a run is started by the file, and time passes by itself."""
    yield from ((run, command) for run, command in log if not isinstance(command, m.StartRun | m.Tick))


def _words(command: m.Command) -> str:
    """An act as it is typed."""
    match command:
        case m.Ask(move=move):
            return f"request {move}"
        case m.Complete(duty=duty, subject=subject):
            return f"complete {duty}{_more(subject, command.evidence)}"
        case m.Record(duty=duty, amount=amount, unit=unit, subject=subject):
            return f"record {duty}{_more(subject, command.evidence)} {_number(amount)} {unit}"
        case m.CheckOff(duty=duty, entry=entry, subject=subject):
            return f"check {duty} {entry}{_more(subject, command.evidence)}"
        case m.HoldMeeting(duty=duty, attendance=attendance):
            there = f" --present {','.join(attendance)}" if attendance else ""
            return f"hold {duty}{there}{_more('', command.evidence)}"
        case m.Confirm(duty=duty, subject=subject):
            return f"confirm {duty} good{_more(subject, ())}"
        case m.Draft(document=document, subject=subject, digest=digest):
            return f"draft {document} --digest {digest}{_more(subject, command.evidence)}"
        case m.Opine(document=document, group=group, ref=ref, subject=subject):
            return f"opine {document} --ref {ref} --group {group}{_more(subject, ())}"
        case m.EndConsultation(document=document, subject=subject, step=step, consulted=consulted):
            asked = "".join(f" --consulted {group}={count}" for group, count in consulted.items())
            return f"end-consultation {document} --step {step}{asked}{_more(subject, ())}"
        case m.Judge(document=document, subject=subject, step=step):
            return f"judge {document} accept --step {step}{_more(subject, ())}"
        case m.Hand(document=document, step=step, subject=subject):
            return f"hand {document} {step}{_more(subject, ())}"
        case m.Reopen(phase=phase):
            return f"reopen {phase} stands --reason mistake"
        case m.SettleItem(item=item):
            return f"settle-item {item}{_more('', command.evidence)}"
        case m.VerifyItem(item=item, good=good):
            return f"verify-item {item} {'good' if good else 'poor --reason so'}"
        case m.PublishItem(item=item):
            return f"publish-item {item}"
        case m.ExplainItem(item=item):
            return f"explain-item {item} --reason so"
        case m.ReopenItem(item=item):
            return f"reopen-item {item} --reason so"
        case m.AmendItem(item=item, kind=kind):
            return f"amend-item {item} --kind {kind} --reason so"
        case m.Answer(question=question, verdict=verdict):
            return f"answer {question} {verdict}"
        case m.OpenItem(ledger=ledger, kind=kind, owner=owner, fields=fields, due=due, axes=axes):
            more = "".join(f" --field {key}={value}" for key, value in fields.items())
            more += "".join(f" --axis {key}={value}" for key, value in axes.items())
            return f"open-item {ledger} {kind} --owner {owner} --due {due}{more}"
        case m.OpenPoll(poll=poll, invited=invited):
            counts = ((edge, group, count) for edge, groups in invited.items() for group, count in groups.items())
            return f"open-poll {poll}" + "".join(f" --invited {edge}/{group}={count}" for edge, group, count in counts)
        case m.Cast(poll=poll, edge=edge, group=group, answers=answers):
            lines = "".join(f" --answer {one}={said}" for one, said in answers.items())
            paper = f" {answers['']}" if "" in answers else lines
            return f"cast {poll} {edge}{paper}" + (f" --group {group}" if group else "")
        case m.ClosePoll(poll=poll):
            return f"close-poll {poll}"
        case _:
            raise ValueError(f"{type(command).__name__} cannot be told as a story")


def _more(subject: str, evidence: Iterable[m.Evidence]) -> str:
    shown = "".join(f" --evidence {one.kind}={one.ref}" for one in evidence)
    return (f" --subject {subject}" if subject else "") + shown


def _number(amount: Fraction) -> str:
    return str(amount.numerator) if amount.denominator == 1 else f"{math.floor(amount * 1000) / 1000:g}"
