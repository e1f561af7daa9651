"""Words that stand for several others are written out here, before anything is compiled: changeovers, consultations.

What comes out says the same in phases, duties and conditions, each part with the place of the word it came from. So the
rest of phaseflow knows nothing of these words, and whoever reads a refusal is shown the line that the author wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

import attrs

from phaseflow.core.plan.faults import Faults
from phaseflow.errors import Span
from phaseflow.spec import conditions as cs
from phaseflow.spec import duties as ds
from phaseflow.spec import model as s
from phaseflow.spec.phrases import ClosesPhrase, OpensPhrase
from phaseflow.spec.shape import Name, Path, Shape

Duties = Mapping[Any, ds.Duty]
Group = TypeVar("Group", s.Policy, s.PhaseSpec, s.StepSpec)


def expand(policy: s.Policy, faults: Faults) -> s.Policy:
    """The same policy without words that stand for others; faults of those words are noted."""
    if policy.changeover is not None:
        policy = _changeover(policy, policy.changeover, faults)
    return _consultations(policy, faults)


# --- changeover (R31) -------------------------------------------------------------------------------------------------


def _changeover(policy: s.Policy, word: s.ChangeoverSpec, faults: Faults) -> s.Policy:
    for index, name in enumerate(word.between):
        if name not in policy.phases:
            faults.unknown("phase", str(name), word.span_of(f"between.{index}"), policy.phases)
    programme = policy.programme
    for before, after in pairwise(word.between):
        if before not in policy.phases or after not in policy.phases:
            continue
        if programme is not None:
            programme = _keep_above(programme, policy, (before, after))
        policy = _one_change(policy, word, before, after, faults)
    return policy.but(changeover=None, programme=programme)


def _keep_above(programme: s.ProgrammeSpec, policy: s.Policy, names: Iterable[Name]) -> s.ProgrammeSpec:
    """A changeover is the units' own; the programme's phases of these names open as was written for them."""
    kept = {}
    for name in names:
        phase, own = policy.phases[name], programme.phases.get(name)
        opens = phase.opens or policy.defaults.phase.opens
        if own is None:
            kept[name] = s.PhaseSpec(span=phase.span, spans=phase.spans, opens=opens)
        elif own.opens is None:
            kept[name] = own.but(opens=opens)
    return programme.but(phases={**programme.phases, **kept})


def _one_change(policy: s.Policy, word: s.ChangeoverSpec, before: Name, after: Name, faults: Faults) -> s.Policy:
    here, there = policy.phases[before], policy.phases[after]
    _check_free(here, "closes", f"the changeover closes '{before}'", faults)
    _check_free(there, "opens", f"the changeover opens '{after}'", faults)
    papers: dict[Name, ds.Duty] = {
        Name(f"{before if paper.of == 'from' else after}_{name}"): _paper(word, paper, str(name))
        for name, paper in word.documents.items()
    }
    approved = cs.Passed(
        span=word.span_of("approve"),
        spans={f"passed.{name}": (word.key_span_of("approve"), word.span_of("approve")) for name in papers},
        passed={name: Name("approve") for name in papers},
    )
    meetings = {Name(f"{after}_{name}"): _meeting(word, spec, approved) for name, spec in word.then.items()}
    held = cs.Done(span=word.span_of("then"), done=tuple(Path(name) for name in meetings))
    here = here.but(
        closes=ClosesPhrase(kind="gate"),
        gate=_both(here.gate, approved),
        duties=_added(here.duties, papers, faults),
    )
    there = there.but(opens=OpensPhrase(kind="gate"), entry=_both(there.entry, held))
    return policy.but(
        duties=_added(policy.duties, meetings, faults),
        phases={**policy.phases, before: here, after: there},
    )


def _check_free(phase: s.PhaseSpec, key: str, what: str, faults: Faults) -> None:
    if getattr(phase, key) is not None:
        faults.error(
            "PF237",
            f"{what}, and '{key}' says how as well",
            phase.span_of(key),
            why="two ways to do one thing would have to be told apart",
            fix=f"drop `{key}`, or take the phase out of the changeover",
        )


def _paper(word: s.ChangeoverSpec, paper: s.ChangeoverDocument, name: str) -> ds.DocumentDuty:
    clause = paper.clause or word.clause
    approve = ds.ApproveStep(
        span=word.span_of("approve"),
        spans=_places(word, {"approve": "approve", "returns_to": "returns_to", "silence": "silence", "asks": "asks",
                             "within": "within"}),
        approve=word.approve, returns_to=Name(word.returns_to), within=word.within, silence=word.silence,
        asks=word.asks, clause=word.clause or clause,
    )  # fmt: skip
    draft = ds.DraftStep(span=word.span_of("by"), spans=_places(word, {"draft": "by"}), draft=word.by, clause=clause)
    return ds.DocumentDuty(
        span=word.span_of(f"documents.{name}"), spans=_places(word, {"by": "by", "due": "due"}),
        document=paper.document, by=word.by, due=word.due, route=(draft, approve), clause=clause,
    )  # fmt: skip


def _meeting(word: s.ChangeoverSpec, spec: ds.MeetingDuty, approved: cs.Passed) -> ds.MeetingDuty:
    needs = _both(spec.needs, approved)
    by = spec.by or word.by
    spans = spec.spans if spec.by else {**spec.spans, **_places(word, {"by": "by"})}
    return spec.but(by=by, needs=needs, spans=spans, clause=spec.clause or word.clause)


def _both(written: cs.Condition | None, more: cs.Condition) -> cs.Condition:
    return more if written is None else cs.AllOf(span=more.span, all=(written, more))


# --- consultations ----------------------------------------------------------------------------------------------------


def _consultations(policy: s.Policy, faults: Faults) -> s.Policy:
    policy = _heard(policy, faults)
    phases = {name: _heard_in(phase, faults) for name, phase in policy.phases.items()}
    programme = policy.programme
    if programme is not None:
        own = {name: _heard_in(phase, faults) for name, phase in programme.phases.items()}
        programme = programme.but(phases=own)
    return policy.but(phases=phases, programme=programme)


def _heard_in(phase: s.PhaseSpec, faults: Faults) -> s.PhaseSpec:
    steps = {name: _heard(step, faults) for name, step in phase.steps.items()}
    return _heard(phase, faults).but(steps=steps)


def _heard(group: Group, faults: Faults) -> Group:
    """A group of duties in which each consultation is a call that is written and a hearing, with a list of channels."""
    written = {name: duty for name, duty in group.duties.items() if isinstance(duty, ds.ConsultationDuty)}
    if not written:
        return group
    duties: dict[Name, ds.Duty] = {
        name: _call(duty) if isinstance(duty, ds.ConsultationDuty) else duty for name, duty in group.duties.items()
    }
    channels: dict[Name, ds.Duty] = {
        Name(f"{name}_channels"): _channels(duty) for name, duty in written.items() if duty.channels
    }
    return group.but(duties=_added(duties, channels, faults))


def _call(word: ds.ConsultationDuty) -> ds.DocumentDuty:
    drafter = (word.each,) if word.each is not None else () if word.by == "unstated" else word.by
    draft = ds.DraftStep(
        span=word.span, spans=_places(word, {"draft": "by" if word.each is None else "each"}),
        draft=tuple(drafter) or ((word.asks,) if word.asks else ()), as_=Name("call"), clause=word.clause,
    )  # fmt: skip
    consult = ds.ConsultStep(
        span=word.span_of("of"),
        spans=_places(word, {"consult": "of", "silence": "silence", "asks": "asks", "at_least": "at_least",
                             "within": "within"}),
        consult=word.of, answer_each=word.answer_each, silence=word.silence, asks=word.asks, within=word.within,
        at_least=word.at_least, clause=word.clause,
    )  # fmt: skip
    return ds.DocumentDuty(**_base(word), spans=word.spans, document=word.consultation, route=(draft, consult))


def _channels(word: ds.ConsultationDuty) -> ds.ChecklistDuty:
    own = ("needs", "evidence", "checked_by")  # what the hearing asks for is not asked of the list as well
    base = {key: value for key, value in _base(word).items() if key not in own}
    spans = {**word.spans, **_places(word, {"items": "channels"})}
    return ds.ChecklistDuty(**base, spans=spans, checklist=word.consultation, items=word.channels)


def _base(duty: ds.DutyBase) -> dict[str, Any]:
    """What every duty can say, as *duty* says it."""
    fields = attrs.fields(ds.DutyBase)  # type: ignore[arg-type]  # every shape is attrs
    keys = [field.name for field in fields if field.name != "spans"]
    return {key: getattr(duty, key) for key in keys}


# --- both -------------------------------------------------------------------------------------------------------------


def _added(duties: Duties, more: Duties, faults: Faults) -> Duties:
    for name, duty in more.items():
        if name in duties:
            faults.error(
                "PF213",
                f"the name '{name}' is taken",
                duties[name].span,
                why=f"the word at {duty.span} writes out a duty of this name, and a name stands once",
                fix="give the duty another name",
            )
    return {**duties, **{name: duty for name, duty in more.items() if name not in duties}}


def _places(source: Shape, keys: Mapping[str, str]) -> dict[str, tuple[Span, Span]]:
    """The places of keys that were written under other names: {new key: key of *source*}, with their parts."""
    found = {}
    for new, old in keys.items():
        for key, place in source.spans.items():
            if key == old or key.startswith(f"{old}."):
                found[new + key[len(old) :]] = place
    return found
