"""Deciding about opinions on a document: giving them, answering them, ending a consultation (R15, R36)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from phaseflow.core.decide import routes
from phaseflow.core.decide.papers import Paper, check_lock, check_version, find, require_writer, target
from phaseflow.core.decide.people import require, roles_of
from phaseflow.core.decide.step import Refusal, Step, refuse, refuse_all
from phaseflow.core.gates import text_of
from phaseflow.core.plan.model import RouteStep
from phaseflow.core.state.documents import OpinionState
from phaseflow.core.state.ledgers import number_of
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.duties import OpinionStep


def opine(step: Step, command: c.Opine) -> None:
    """Give an opinion, or record one that a group gave."""
    paper = find(step, command.document, command.subject)
    rule = target(step, paper, "hear", command.step)
    assert isinstance(rule.spec, OpinionStep)
    group, recorded = _group(step, paper, rule, command.group)
    check_version(step, paper, command.digest, rule)
    if not command.ref.strip():
        refuse(
            "malformed",
            "PF413",
            "an opinion without its text",
            span=rule.span,
            why="an opinion is kept where *ref* says, so that it can be answered",
            fix="say where the text is kept",
            clause=rule.clause,
        )
    state = paper.state(step)
    step.emit(e.OpinionGiven(
        key=paper.key, subject=paper.subject, step=rule.name, number=state.opinions + 1,
        version=state.version, ref=command.ref,
        group=group, recorded=recorded, to_answer=rule.spec.answer_each,
    ))  # fmt: skip


def _group(step: Step, paper: Paper, rule: RouteStep, group: str) -> tuple[str, bool]:
    """(the group that speaks, whether somebody else records it)."""
    if group and group not in rule.roles:
        refuse(
            "unknown",
            "PF412",
            f"'{group}' is not heard at '{rule.name}'",
            span=rule.span,
            clause=rule.clause,
            why="the policy names who is heard",
            fix=did_you_mean(group, rule.roles),
        )
    held = [role for role in rule.roles if role in roles_of(step, step.actor.on_behalf_of or step.actor.person)]
    if group and group not in held:
        require_writer(step, paper, paper.duty.route[0], f"record an opinion of '{group}' on {paper.name}")
        return group, True
    wanted = (group,) if group else rule.roles
    require(
        step, wanted, f"give an opinion on {paper.name}", span=rule.span, clause=rule.clause, subject=paper.duty.name
    )
    principal = step.actor.on_behalf_of or step.actor.person
    return next(role for role in wanted if role in roles_of(step, principal)), False


def answer(step: Step, command: c.AnswerOpinion) -> None:
    """Answer one opinion: absorbed or not, and why."""
    paper = find(step, command.document, command.subject)
    require_writer(step, paper, paper.duty.route[0], f"answer an opinion on {paper.name}")
    give_answers(step, paper, [(str(command.opinion), command.absorbed, command.reason)])


def read_answer(text: str) -> tuple[bool, str]:
    """``absorbed`` (and where, if wanted), or else why an opinion was not absorbed."""
    absorbed = text.strip().startswith("absorbed")
    return absorbed, text.strip().removeprefix("absorbed").lstrip(" :,;") if absorbed else text


def give_answers(step: Step, paper: Paper, answers: Iterable[tuple[str, bool, str]]) -> None:
    """Answer several opinions; all that is wrong with any of them is said at once."""
    problems, given = [], []
    for number, absorbed, reason in answers:
        row = _opinion(step, paper, number)
        if row is None:
            problems.append(
                (
                    "PF409",
                    f"there is no opinion {number} on {paper.name}",
                    "opinions are numbered from 1",
                    "look at `status` for their numbers",
                )
            )
        elif row.absorbed is not None:
            problems.append(
                (
                    "PF410",
                    f"opinion {number} on {paper.name} is answered",
                    "an opinion is answered once",
                    "nothing to do",
                )
            )
        elif not absorbed and not reason.strip():
            problems.append(
                (
                    "PF425",
                    f"opinion {number} on {paper.name} is turned down without a reason",
                    "what is not absorbed is answered with why",
                    "say why",
                )
            )
        else:
            given.append(
                e.OpinionAnswered(
                    key=paper.key, subject=paper.subject, number=row.number, absorbed=absorbed, reason=reason
                )
            )
    if problems:
        span, clause = paper.duty.spec.span_of("route"), ", ".join(paper.duty.clause)
        raise Refusal(
            "illegal",
            [
                Problem(code=code, what=what, span=span, why=why, fix=fix, clause=clause)
                for code, what, why, fix in problems
            ],
        )
    for event in sorted(given, key=lambda event: event.number):
        step.emit(event)


def _opinion(step: Step, paper: Paper, number: str) -> OpinionState | None:
    counted = number_of(number)
    if counted is None:
        return None
    found: OpinionState | None = step.get(f"opinion/{paper.key}/{paper.subject}/{counted:04d}")
    return found


def end(step: Step, command: c.EndConsultation) -> None:
    """End a consultation: those who had to be heard were heard, and silence means what the policy says."""
    paper = find(step, command.document, command.subject)
    rule = target(step, paper, "hear", command.step)
    require_writer(step, paper, paper.duty.route[0], f"end '{rule.name}' of {paper.name}")
    check_lock(step, paper, rule)
    state = paper.state(step)
    opinions = routes.round_of(step, state, rule)
    heard = _consulted(rule, routes.heard(opinions), command.consulted)
    _check_composition(paper, rule, heard)
    if not any(later.blocking for later in paper.duty.route[rule.index + 1 :]):
        routes.check_answers(step, paper, rule)  # nothing after it could wait for the answers
    if not opinions and not _may_go_on(step, paper, rule):
        return
    routes.accept(step, paper, rule, "" if opinions else "nobody said anything", heard=heard)


def _consulted(rule: RouteStep, heard: dict[str, int], given: Mapping[str, int]) -> dict[str, int]:
    problems = [
        (f"'{group}' is not heard at '{rule.name}'" if group not in rule.roles
         else f"{count} of '{group}' were consulted, and {heard.get(group, 0)} gave an opinion")
        for group, count in given.items()
        if group not in rule.roles or count < heard.get(group, 0)
    ]  # fmt: skip
    if problems:
        raise Refusal("malformed", [
            Problem(code="PF417", what=what, span=rule.span, why="whoever gave an opinion was consulted",
                    fix="count again", clause=", ".join(rule.clause))
            for what in problems
        ])  # fmt: skip
    return {**heard, **given}


def _check_composition(paper: Paper, rule: RouteStep, heard: Mapping[str, int]) -> None:
    """Least shares are judged on who was heard, exactly (R15); among nobody no share is reached (R23)."""
    assert isinstance(rule.spec, OpinionStep)
    total = sum(heard.values())
    problems = []
    for group, least in rule.spec.at_least.items():
        share = Fraction(heard.get(group, 0), total) if total else None
        if share is None or share < least.value:
            problems.append(Problem(
                code="PF414", what=f"'{group}' is {text_of(share)} of those heard on {paper.name}, and must be {least}",
                span=rule.spec.span_of("at_least"), why="who has to be heard is settled before a consultation ends",
                fix=f"hear more of '{group}'", clause=", ".join(rule.clause or paper.duty.clause),
            ))  # fmt: skip
    refuse_all("unmet", problems)


def _may_go_on(step: Step, paper: Paper, rule: RouteStep) -> bool:
    """What it means that nobody said anything; where the document is silent, the role it names is asked."""
    span = rule.spec.span_of("silence")
    if rule.silence == "go_on":
        return True
    if rule.silence != "unstated":
        refuse(
            "unmet",
            "PF415",
            f"nobody has said anything on {paper.name} at '{rule.name}'",
            span=span,
            clause=rule.clause or paper.duty.clause,
            why="the policy lets the document wait for an opinion",
            fix=f"ask {', '.join(rule.roles)} for one",
        )
    pending = routes.asked(step, routes.about(paper, paper.state(step), rule))
    if pending:
        refuse(
            "illegal",
            "PF416",
            f"'{rule.asks}' has been asked already ({pending})",
            span=span,
            clause=rule.clause,
            why="the policy does not say what silence means, so a role is asked, once",
            fix=f"wait for the answer to {pending}, or ask for opinions",
        )
    routes.ask(step, paper, rule)
    return False
