"""An unmet requirement in words: what is wanted, what there is, who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from phaseflow.core.reasons import Reason
from phaseflow.prose.names import Names


def requirement(reason: Reason, names: Names) -> str:
    """One requirement, as one or two sentences."""
    say, value = names.texts.say, names.texts.value
    op, have, want = say(f"op.{reason.op}"), value(reason.have), value(reason.want)
    told = {"op": op, "have": have, "want": want}
    given = reason.arguments
    match reason.kind:
        case "duty" | "duty_share":
            return _duty(reason, names) if reason.kind == "duty" else _share(reason, names)
        case "own_duty":
            key = "duty_undone" if reason.want is False else "own_duty"
            return say(f"requirement.{key}", duty=names.duty(given["duty"]))
        case "document":
            return _document(reason, names)
        case "closed" | "reached":
            key = f"not_{reason.kind}" if reason.want is False else reason.kind
            return say(f"requirement.{key}", phase=names.phase(given["phase"]))
        case "items":
            return _items(reason, names)
        case "units" | "units_share":
            got = where(names, next((w for w in ("reached", "closed") if w in given), "concluded"), given)
            return say(f"requirement.{reason.kind}", got=got, **told)
        case "poll":
            key = "poll_hidden" if reason.hidden else "poll" if reason.have is not None else "poll_not_counted"
            return say(f"requirement.{key}", duty=names.duty(given["poll"]), **told)
        case "host":
            return say("requirement.host", fact=given["fact"], version=given["version"], **told)
        case "number":
            return say("requirement.number", label=reason.label, **told)
        case "some_of":
            if reason.op == "<":
                return say("requirement.fewer_of", have=have, want=want)
            return say("requirement.some_of", have=have, want=reason.want)
        case "nothing" | "part":
            return say(f"requirement.{reason.kind}", label=reason.label)
        case _:
            assert_never(reason.kind)


def where(names: Names, step: str, given: Mapping[str, str], section: str = "got") -> str:
    """How far units have got, or (``getting``) shall get."""
    target = given.get(step, "any")
    if step != "concluded":
        return names.texts.say(f"{section}.{step}", name=names.phase(target))
    if target == "any":
        return names.texts.say(f"{section}.ended")
    return names.texts.say(f"{section}.concluded", name=names.outcome(target))


def _duty(reason: Reason, names: Names) -> str:
    say, duty = names.texts.say, names.duty(reason.arguments["duty"])
    number = reason.want if isinstance(reason.want, int) and not isinstance(reason.want, bool) else None
    if number is not None and reason.op in ("<", "<=", "=="):
        limit = number - (reason.op == "<")
        if limit <= 0:
            return _all_of_it(reason, names, duty)
        if reason.op != "==":
            have = names.texts.value(reason.have)
            return say("requirement.duty_at_most", duty=duty, want=limit, have=have) + _missing(reason, names)
    if number == 0:
        return say("requirement.duty_undone", duty=duty)
    return say(
        "requirement.duty_other", duty=duty, op=say(f"op.{reason.op}"), have=names.texts.value(reason.have),
        want=names.texts.value(reason.want),
    )  # fmt: skip


def _all_of_it(reason: Reason, names: Names, duty: str) -> str:
    say = names.texts.say
    if reason.measured == "not begun":
        return say("requirement.duty_not_begun", duty=duty)
    if reason.owed == 0:
        return say("requirement.duty_nobody", duty=duty)
    if reason.owed == 1 and not reason.subjects:
        return say("requirement.duty_one", duty=duty)
    return say("requirement.duty", duty=duty, done=reason.done, owed=reason.owed) + _missing(reason, names)


def _missing(reason: Reason, names: Names) -> str:
    if not reason.subjects:
        return ""
    told = names.texts.some(reason.subjects, reason.count)
    return names.texts.gap + names.texts.say("requirement.missing", names=told)


def _share(reason: Reason, names: Names) -> str:
    say, value, duty = names.texts.say, names.texts.value, names.duty(reason.arguments["duty"])
    if reason.have is None:
        return say("requirement.duty_share_unknown", duty=duty, want=value(reason.want))
    told = {"duty": duty, "have": value(reason.have), "want": value(reason.want)}
    if reason.op == ">=":
        return say("requirement.duty_share", **told) + _missing(reason, names)
    return say("requirement.duty_share_other", op=say(f"op.{reason.op}"), **told)


def _document(reason: Reason, names: Names) -> str:
    name, step = reason.arguments["document"], reason.arguments["step"]
    told = {"duty": names.duty(name), "step": names.step(name, step)}
    if reason.want is False:
        return names.texts.say("requirement.document_undone", **told)
    if not reason.waits:
        return names.texts.say("requirement.document_not_begun", **told)
    return names.texts.say("requirement.document", waits=names.step(name, reason.waits), **told)


def _items(reason: Reason, names: Names) -> str:
    given, say = reason.arguments, names.texts.say
    told = {"ledger": names.ledger(given["ledger"])}
    suffix = ""
    if "kind" in given:
        told["class"], suffix = names.kind_of_item(given["ledger"], given["kind"]), "_class"
    none = reason.want == 0 and reason.op in ("<=", "==") and given.get("state", "open") == "open"
    if none and isinstance(reason.have, int):
        return say(f"requirement.items_none{suffix}", have=reason.have, **told)
    value, state = names.texts.value, say(f"state.{given.get('state', 'open')}")
    return say(
        f"requirement.items{suffix}", state=state, op=say(f"op.{reason.op}"), have=value(reason.have),
        want=value(reason.want), **told,
    )  # fmt: skip
