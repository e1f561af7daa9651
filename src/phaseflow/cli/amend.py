"""The verb `amend`: put runs under a new version of their policy, or of their calendar, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from phaseflow.cli.options import BY, STORED, finish, opened, verb, wants_json

if TYPE_CHECKING:
    from phaseflow.core.plan import Plan
    from phaseflow.engine import Answer, Engine, Run


@verb(BY, *STORED)
@click.argument("policy")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--all", "everything", is_flag=True, help="Every run of the campaign that has not ended for good.")
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
def amend(policy: str, runs: tuple[str, ...], everything: bool, by: str | None, preview: bool) -> None:
    """Put runs under POLICY, as its `amends` says; with the word `calendar` for POLICY, only their calendar is renewed.

    Each run is amended by itself; what cannot be is told with every reason, and the others go on. Ends with 1 if any
    run was refused.
    """
    from phaseflow.cli import output
    from phaseflow.engine import Refused
    from phaseflow.messages.commands import SYSTEM
    from phaseflow.policies import load_policy

    if bool(runs) == everything:
        raise click.UsageError("name the runs, or give --all")
    plan = None if policy == "calendar" else load_policy(policy)
    found: list[dict[str, Any]] = []
    with opened(hooks=True) as engine:
        for run in _chosen(engine, plan, runs):
            handle = run.rehearsal() if preview else run
            try:
                answer = handle.amend(plan, by=by or SYSTEM) if plan else handle.renew_calendar(by=by or SYSTEM)
            except Refused as refused:
                found.append({"run": run.id, "answer": "refused", "problems": refused.problems})
            else:
                found.append({"run": run.id, **_said(answer)})
    if wants_json():
        output.data({"preview": preview, "runs": found})
    else:
        for one in found:
            _show(one, preview)
        if not found:
            output.say("there is no run to amend")
    finish(all(one["answer"] != "refused" for one in found))


def _chosen(engine: Engine, plan: Plan | None, names: tuple[str, ...]) -> list[Run]:
    """The runs that are named, or all of the campaign; a programme before its units."""
    if names:
        return [engine.run(name) for name in names]
    campaign = str(plan.policy.campaign) if plan is not None else None
    handles = engine.runs(campaign=campaign, level="programme") + engine.runs(campaign=campaign, level="unit")
    return [run for run in handles if run.status().status not in ("cancelled", "archived")]


def _said(answer: Answer) -> dict[str, Any]:
    """What an amendment changes: dates by duty, what is new, what is dropped; or that it waits."""
    from phaseflow.messages import events as e

    said: dict[str, Any] = {"answer": "amended", "moved": {}, "amounts": {}, "opened": [], "dropped": []}
    for event in answer.events:
        match event:
            case e.AmendmentAdopted(takes_effect=takes_effect):
                said["answer"] = "adopted"
                said["takes_effect"] = takes_effect
            case e.PlanAmended(moved=moved, amounts=amounts, returns=returns, ends=ends):
                if returns:
                    said["ends"] = ends
                said["moved"] = {key.removeprefix("duty/"): term.day for key, term in moved.items()}
                said["amounts"] = {key.removeprefix("duty/"): amount for key, amount in amounts.items()}
            case e.DutyOpened(key=key):
                said["opened"].append(key)
            case e.DutyDropped(key=key):
                said["dropped"].append(key)
            case _:
                pass
    return said


def _show(one: dict[str, Any], preview: bool) -> None:
    from phaseflow.cli import output

    if one["answer"] == "refused":
        output.say(f"{one['run']}: refused")
        output.problems(one["problems"], None)
        return
    waits = one.get("takes_effect")
    when = "" if one["answer"] == "amended" else f", from {waits:%Y-%m-%d}" if waits else ", from its next phase"
    if "ends" in one:
        when += f", until {one['ends']:%Y-%m-%d %H:%M} UTC" if one["ends"] else ", until what ends it happens"
    output.say(f"{one['run']}: {'would be ' if preview else ''}{one['answer']}{when}")
    rows = [("  due", key, str(day or "no day")) for key, day in one["moved"].items()]
    rows += [("  amount", key, str(amount)) for key, amount in one["amounts"].items()]
    rows += [(f"  {word}", key, "") for word in ("opened", "dropped") for key in one[word]]
    if rows:
        output.say(output.columns(rows))
