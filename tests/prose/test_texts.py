"""The texts of every language: complete over the closed unions, alike in their places, and filled in only once."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import phaseflow
from phaseflow import PolicyError, load_policy
from phaseflow.core.conditions import Choice, CompareOp
from phaseflow.core.decide.objections import ObjectionKind
from phaseflow.core.deeds import Bar, Cause, Deed, Outlook, Verb
from phaseflow.core.plan import Plan
from phaseflow.core.plan.model import Kind
from phaseflow.core.reasons import KINDS, Reason, ReasonKind
from phaseflow.core.state.rows import Status
from phaseflow.engine.acts import ACTS
from phaseflow.errors import NOWHERE, Problem
from phaseflow.prose import LANGUAGES, Names, catalogue, doing, what_would_it_take, why
from phaseflow.prose.catalogue import fill
from phaseflow.prose.deeds import bar, deed
from phaseflow.prose.refusals import advice, patterns, refusal
from phaseflow.prose.requirements import requirement
from phaseflow.spec.duties import Step

POLICY = """
phaseflow: 1
campaign: audit
zone: Asia/Shanghai
roles: {lead: {title: {en: Lead, zh: 负责人}}, member: {title: {zh: 成员}}, guest: {title: Guest, invited: true}}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    title: {en: Study, zh: 学习}
    window: 03-01 .. 03-31
    duties:
      kickoff: {meeting: {en: Kick-off, zh: 动员会}, by: lead}
      notes: {quota: 10 pages, title: {en: Notes}, each: member}
      report:
        document: {en: "{0} of {duty}", zh: "{duty}报告"}
        by: lead
        route: [{draft: lead}, {vet: lead, as: first, returns_to: draft}, {vet: lead, as: second, returns_to: draft}]
ledgers:
  gaps:
    title: {en: Gaps, zh: 问题}
    opened_by: lead
    classes: {now: {title: {en: At once, zh: 立即整改}, within: 7 days}}
    close: {by: owner, evidence: none, verify: none}
    survives: false
transitions: {}
outcomes: {completed: {title: {en: Completed, zh: 完成}, by: lead, from: study}}
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("prose") / "audit.yaml"
    file.write_text(POLICY.replace("transitions: {}\n", ""), encoding="utf-8")
    return load_policy(file)


def names_in(plan: Plan, lang: str) -> Names:
    return Names(plan, plan.unit, catalogue(lang))


languages = pytest.mark.parametrize("lang", LANGUAGES)

# --- complete ---------------------------------------------------------------------------------------------------------

ARGUMENTS = {
    "duty": "kickoff", "document": "report", "step": "first", "phase": "study", "ledger": "gaps", "poll": "kickoff",
    "fact": "budget", "version": "1", "reached": "study",
}  # fmt: skip


OPS = (*get_args(CompareOp), "")
WANTS = (None, False, True, 0, 1, 3, Fraction(1, 3), "yes", ("yes", "no"))


@languages
@pytest.mark.parametrize("kind", get_args(ReasonKind))
def test_every_requirement_has_its_text(plan: Plan, lang: str, kind: ReasonKind) -> None:
    """Whatever is required, compared in whatever way, is said in every language."""
    for op, want, begun in product(OPS, WANTS, (False, True)):
        reason = Reason(
            label="x", measured="1 of 3 done" if begun else "not begun", required="", met=False, span=NOWHERE,
            clause="", kind=kind, op=op, want=want, have=2 if begun else None, owed=3, done=1,
            subjects=("li", "chen") if begun else (), count=9, arguments=ARGUMENTS, waits="draft" if begun else "",
        )  # fmt: skip
        if kind == "some_of" and not isinstance(want, int):
            continue  # a count of alternatives is wanted as a number
        told = requirement(reason, names_in(plan, lang))
        assert told
        assert "{" not in told.replace("{duty}", "").replace("{0}", ""), told


NAMES = {
    "request": "study.close", "get_there": "study",
    **dict.fromkeys(("settle", "verify", "publish_item", "open_item"), "gaps"),
    **dict.fromkeys(("draft", "hear", "judge", "hand"), "report"),
}  # fmt: skip


@languages
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("verb", get_args(Verb))
def test_every_deed_has_its_text(plan: Plan, lang: str, verb: Verb, count: int) -> None:
    """Whatever is to be done is said in every language: alone, for some, and with everything known about it."""
    name = NAMES.get(verb, "kickoff")
    step = {"get_there": "reached", "run_poll": "open"}.get(verb, "first" if name == "report" else "")
    whole = Deed(
        verb=verb, name=name, step=step, roles=("lead",), people=("wang",), subjects=("a", "b"), count=count,
        amount=Fraction(5, 2), unit="pages", since=date(2026, 3, 1), due=date(2026, 3, 2), overdue=True,
    )  # fmt: skip
    bare = Deed(verb=verb, name=name, step=step, count=count, subjects=("a",) if verb == "publish_item" else ())
    for one in (whole, bare):
        assert deed(one, names_in(plan, lang))
    told = deed(whole, names_in(plan, lang))
    assert catalogue(lang).day(date(2026, 3, 2)) in told
    assert "wang" in told


@languages
@pytest.mark.parametrize("cause", get_args(Cause))
def test_every_bar_has_its_text(plan: Plan, lang: str, cause: Cause) -> None:
    """Whatever makes a move impossible is said in every language."""
    name = "study" if "open" in cause else "study.close" if cause == "used_up" else "kickoff"
    found = Bar(cause=cause, name=name, since=date(2026, 3, 1), reached="3", wanted="5")
    assert bar(found, names_in(plan, lang))
    told = what_would_it_take(Outlook(move="study.close", bars=(found,)), names_in(plan, lang))
    assert len(told.splitlines()) == 2


@languages
def test_every_word_of_a_closed_list_has_its_text(lang: str) -> None:
    """Kinds of refusals, of duties, states of runs, and acts: a new one without a text is missed here."""
    texts = catalogue(lang)
    wanted = {
        "refusal": _words(ObjectionKind), "kind": get_args(Kind), "status": get_args(Status),
        "doing": {act.method for act in ACTS.values()},
    }  # fmt: skip
    for section, words in wanted.items():
        assert [word for word in words if not texts.has(f"{section}.{word}")] == [], section
    steps = {cls.__name__.removesuffix("Step").lower() for cls in get_args(Step)}
    assert set(texts.texts["act"]) == steps
    assert set(KINDS.values()) <= set(get_args(ReasonKind))


def _words(union: Any) -> list[str]:
    return [word for part in get_args(union) for word in (get_args(part) or (part,))]


def _places(text: object) -> set[str]:
    if isinstance(text, Mapping):
        return set().union(*(_places(form) for form in text.values()))
    return set(re.findall(r"\{(\w+)\}", str(text)))


def test_the_languages_have_the_same_texts_with_the_same_places() -> None:
    """No language lacks a text of another, nor wants a value that the other is not given."""
    english, others = catalogue("en").texts, [catalogue(lang) for lang in LANGUAGES if lang != "en"]
    for other in others:
        assert set(other.texts) - {"advice"} == set(english)
        for section, texts in english.items():
            assert set(other.texts[section]) == set(texts), section
            for key, text in texts.items():
                if section not in ("language", "refusals"):
                    assert _places(other.texts[section][key]) <= _places(text), f"{section}.{key}"


# --- refusals ---------------------------------------------------------------------------------------------------------

SOURCE = Path(phaseflow.__file__).parent / "core" / "decide"
CODE = re.compile(r"PF\d{3}")
NESTED = {
    "PF322": "what stands in the way is said by the caller",
    "PF323": "which fact of the host is missing",
    "PF332": "now, or on a day",
    "PF342": "by whom, where it is known",
    "PF464": "a word for the state of the poll",
    "PF515": "which part somebody has in the item",
}
"""Codes of which a sentence has a part that is put together elsewhere; their patterns are written by hand."""


def _shape(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=body, orelse=other):
            yield from _shape(body)
            yield from _shape(other)


def worded() -> dict[str, set[str]]:
    """Every refusal of the core: its code, and the shapes of its sentence, also of one that is put together before."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted(SOURCE.glob("*.py")):
        for part in ast.parse(file.read_text(encoding="utf-8")).body:
            before = [node.value for node in ast.walk(part) if isinstance(node, ast.Assign) and _is_what(node)]
            for node in ast.walk(part):
                if not isinstance(node, ast.Call):
                    continue
                code, what = _coded(node)
                if code:
                    shaped = before if isinstance(what, ast.Name) and what.id == "what" else [what] if what else []
                    found[code] |= {shape for one in shaped for shape in _shape(one)}
    return found


def _is_what(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "what" for target in node.targets)


def _coded(node: ast.Call) -> tuple[str, ast.expr | None]:
    """The code that a call names, and what it says is wrong."""
    named = {word.arg: word.value for word in node.keywords}
    for place, arg in enumerate(node.args):
        if isinstance(arg, ast.Constant) and CODE.fullmatch(str(arg.value)):
            return str(arg.value), node.args[place + 1] if len(node.args) > place + 1 else named.get("what")
    code = named.get("code")
    literal = isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value))
    return (str(code.value) if literal and isinstance(code, ast.Constant) else ""), named.get("what")


def test_every_refusal_of_the_core_has_its_text() -> None:
    """Each sentence with which the core refuses is a pattern, and each code has a text and advice in every language."""
    told = catalogue("en").texts["refusals"]
    known = {code: {re.sub(r"\{\w+\}", "{}", text) for text in texts} for code, texts in told.items()}
    made = worded()
    assert set(made) - {"PF324"} == set(told)
    missing = {
        (code, shape) for code, shapes in made.items() for shape in shapes
        if code not in NESTED and code != "PF324" and shape not in known[code]
    }  # fmt: skip
    assert missing == set()
    assert {code for code in NESTED if made[code] <= known[code]} == set(), "put together elsewhere no more"
    for lang in LANGUAGES:
        texts = catalogue(lang).texts["refusals"]
        assert {code: len(found) for code, found in texts.items()} == {code: len(found) for code, found in told.items()}
        assert lang == "en" or set(catalogue(lang).texts["advice"]) == set(told)


@languages
def test_every_refusal_is_read_back_and_told_again(plan: Plan, lang: str) -> None:
    """What stands in the places of a refusal is found again, and put into the text of the language asked for."""
    names, told = names_in(plan, lang), catalogue(lang).texts["refusals"]
    for code, texts in catalogue("en").texts["refusals"].items():
        for number, text in enumerate(texts):
            values = {place: f"v{at}" for at, place in enumerate(sorted(_places(text)))}
            problem = Problem(code=code, what=fill(text, values), fix="x")
            matched = [at for at, pattern in enumerate(patterns(code)) if pattern.fullmatch(problem.what)]
            assert number in matched
            assert matched[0] == number, f"{code}: an earlier wording takes {text!r}"
            assert refusal(problem, names) != problem.what or lang == "en"
            assert _places(told[code][number]) <= set(values), code
            assert advice(problem, names)


def test_a_refusal_without_a_pattern_is_told_as_it_was_made(plan: Plan) -> None:
    """Nothing is lost where no pattern fits, and no control sign gets through."""
    assert (
        refusal(Problem(code="PF342", what="something\x1b[2J else"), names_in(plan, "zh")) == "something\\x1b[2J else"
    )


# --- names and values -------------------------------------------------------------------------------------------------


def test_titles_in_the_language_asked_for_else_another_with_the_name(plan: Plan) -> None:
    """Where a title is missing in a language, that of another one is told with the name; a bare text is everybody's."""
    english, chinese = names_in(plan, "en"), names_in(plan, "zh")
    assert (english.duty("kickoff"), chinese.duty("kickoff")) == ("“Kick-off”", "“动员会”")
    assert (english.role("member"), chinese.role("member")) == ("“成员 (member)”", "“成员”")
    assert chinese.duty("notes") == "“Notes（notes）”"
    assert chinese.role("guest") == english.role("guest") == "“Guest”"
    assert chinese.move("study.close") == "结束“学习”"
    assert chinese.move("completed") == "以“完成”结束"
    assert chinese.kind_of_item("gaps", "now") == "“立即整改”"
    assert (english.step("report", "draft"), english.step("report", "second")) == ("draft", "vet (second)")
    assert doing("settle_item", "gaps/2", chinese) == "整改事项“问题”（2）"


@languages
def test_nothing_of_a_policy_or_a_payload_is_a_template(plan: Plan, lang: str) -> None:
    """Braces in a title, a name or a reason stand in the text as they are."""
    told = names_in(plan, lang).duty("report")
    assert "{duty}" in told
    deeds = Deed(verb="draft", name="report", step="draft", people=("{count}", "{0.__class__}"))
    assert "{count}" in deed(deeds, names_in(plan, lang))
    problem = Problem(code="PF333", what="'{phase}' belongs to '{day}', which was closed on {duty}")
    assert "{duty}" in refusal(problem, names_in(plan, lang))


@given(st.text(max_size=30), st.text(max_size=30))
def test_values_are_put_in_once(first: str, second: str) -> None:
    """Filling in reads the template once; what a value holds is never filled in again."""
    assert fill("{a}|{b}", {"a": first, "b": second}) == f"{first}|{second}"


def test_numbers_and_lists_follow_the_language() -> None:
    """One and several in English, one form in Chinese; lists are joined as people write them."""
    english, chinese = catalogue("en"), catalogue("zh")
    assert english.say("deed.open_item", ledger="x", count=1) == "open an item in x"
    assert english.say("deed.open_item", ledger="x", count=2) == "open 2 items in x"
    assert chinese.say("deed.judge", step="审核", duty="甲", count=1) == "审核甲"
    assert chinese.say("deed.judge", step="审核", duty="甲", count=2) == "审核甲，共2份"
    assert [english.listed("abc"[:size]) for size in range(4)] == ["", "a", "a and b", "a, b, and c"]
    assert [chinese.listed("abc"[:size]) for size in range(4)] == ["", "a", "a、b", "a、b、c"]
    assert english.listed(["{}", "b", "{}"], "either") == "{}, b, or {}"
    assert english.some(["a", "b"], 5) == "a and b and 3 others"
    assert chinese.some(["a", "b"], 5) == "a、b等另有3个"
    assert (english.day(date(2026, 3, 9)), chinese.day(date(2026, 3, 9))) == ("9 March 2026", "2026年3月9日")
    assert english.value(Fraction(2, 3)) == "66.67%"
    assert [english.amount(Fraction(n, 2), "pages") for n in (2, 3)] == ["1 page", "1.5 pages"]
    assert chinese.amount(Fraction(3), "pages") == "3页"
    assert chinese.amount(Fraction(3), "trees") == "3trees"
    assert english.finish(["“a “b” c”"]) == "“a ‘b’ c”"


def test_a_language_without_texts_is_refused() -> None:
    """An unknown language is an error that names those there are."""
    with pytest.raises(PolicyError) as caught:
        catalogue("de")
    assert (caught.value.problems[0].code, caught.value.problems[0].fix) == ("PF734", "known here: en, zh")


# --- choices ----------------------------------------------------------------------------------------------------------


def test_alternatives_stand_below_their_choice(plan: Plan) -> None:
    """What is needed in any case and what is a choice can be told apart; what is met of a choice is not told."""

    def one(duty: str, *choices: Choice, met: bool = False) -> Reason:
        return Reason(
            label=duty, measured="0 of 1 done", required="done", met=met, span=NOWHERE, clause="", kind="duty",
            op="==", want=0, have=1, owed=1, arguments={"duty": duty}, choices=choices,
        )  # fmt: skip

    def alternative(number: int) -> Choice:
        return Choice(choice="1", alternative=number, need=2, of=3)

    reasons = (
        one("kickoff"), one("kickoff", alternative(0)), one("notes", alternative(1)), one("report", alternative(1)),
        one("kickoff", alternative(2), met=True),
    )  # fmt: skip
    assert why("study.close", reasons, names_in(plan, "en")).splitlines() == [
        "Not yet possible: close “Study”. 2 things are missing:",
        "1. “Kick-off” has to be done.",
        "2. One of these 2 is enough:",
        "   – “Kick-off” has to be done.",
        "   – All of these together:",
        "      · “Notes” has to be done.",
        "      · “{0} of {duty}” has to be done.",
    ]
    assert why("study.close", reasons, names_in(plan, "zh")).splitlines()[2] == "2．以下2项，具备其中1项即可："
