"""The table behind `do`, held against `Run`; and what its sub-verbs do with what was typed."""

import inspect
import json

import attrs
import pytest

from phaseflow.engine.acts import ACTS
from phaseflow.engine.run import Run
from phaseflow.messages import commands as c

METHODS = {
    name: method
    for name, method in vars(Run).items()
    if inspect.isfunction(method)
    and not name.startswith("_")
    and name not in ("command", "why_not", "amend", "renew_calendar")  # the last two are `amend`, of a whole campaign
    and "by" in inspect.signature(method).parameters
}
"""Every method of `Run` that acts."""

COMMANDS = {
    "request": c.Ask,
    "reopen": c.Reopen,
    "withdraw": c.WithdrawUnit,
    "merge": c.MergeUnits,
    "split": c.SplitUnit,
    "record": c.Record,
    "complete": c.Complete,
    "check": c.CheckOff,
    "hold": c.HoldMeeting,
    "confirm": c.Confirm,
    "add_action": c.AddAction,
    "make_up": c.OrderMakeUp,
    "draft": c.Draft,
    "mark": c.MarkPart,
    "opine": c.Opine,
    "answer_opinion": c.AnswerOpinion,
    "end_consultation": c.EndConsultation,
    "judge": c.Judge,
    "hand": c.Hand,
    "open_poll": c.OpenPoll,
    "cast": c.Cast,
    "open_item": c.OpenItem,
    "amend_item": c.AmendItem,
    "settle_item": c.SettleItem,
    "verify_item": c.VerifyItem,
    "explain_item": c.ExplainItem,
    "waive": c.GrantWaiver,
    "request_extension": c.RequestExtension,
    "extend": c.GrantExtension,
    "refuse_extension": c.RefuseExtension,
    "leave": c.Leave,
    "appoint": c.Appoint,
    "delegate": c.Delegate,
    "recuse": c.Recuse,
    "answer": c.Answer,
    "list_body": c.ListBody,
    "erase": c.ErasePerson,
}
"""The command class behind a method whose keywords are that class's fields."""

RENAMED = {"duty": "meeting", "unit": "amount"}
"""Fields that a method takes under another word: a meeting is a duty, and a unit is part of an amount."""


def test_every_act_of_a_run_has_a_sub_verb_and_no_sub_verb_is_without_its_method():
    """The table and `Run` name the same acts."""
    assert {act.method for act in ACTS.values()} == set(METHODS)


@pytest.mark.parametrize("name", ACTS)
def test_a_sub_verb_gives_what_its_method_takes(name):
    """With all words and options typed, each parameter of the method is given, and nothing it does not take."""
    act = ACTS[name]
    signature = inspect.signature(METHODS[act.method])
    given = act.read({part.name: _typed(part) for part in (*act.words, *act.options) if part.name != "file"})
    taken = {parameter.name for parameter in signature.parameters.values()} - {"self", "by", "more"}
    command = COMMANDS.get(act.method)
    fields = (
        {field.name for field in attrs.fields(command)} - {field.name for field in attrs.fields(c.Command)}
        if command
        else set()
    )
    assert set(given) >= taken, f"not to be typed: {taken - set(given)}"
    assert set(given) <= taken | fields
    assert fields <= set(given) | {field for field in fields if RENAMED.get(field) in given}


def _typed(part):
    if getattr(part, "choices", ()):
        return part.choices[0]
    if part.name == "invited":
        return (("inside/member", "4"),)
    if part.name == "counts":
        return (("member", "12"),)
    if part.name == "consulted":
        return (("masses", "12"),)
    if getattr(part, "multiple", False):
        return (("a", "b"),) if part.pairs else ("a=b",)
    return 7 if getattr(part, "number", False) else "x"


def test_an_answer_is_shown_again_for_the_same_id_and_refused_for_another_content(desk):
    """Law 4 on the command line: one id, one command."""
    desk.start()
    words = ("do", "safety", "record", "notes", "10 characters", "--by", "li.na", "--id", "n1")
    assert "answered before" not in desk.call(*words).stdout
    assert desk.call(*words).stdout.startswith("recorded: record notes 10 characters (answered before)\n")
    other = desk.call("do", "safety", "record", "notes", "11 characters", "--by", "li.na", "--id", "n1", code=1)
    assert "error PF381: " in other.stderr


def test_at_says_when_it_happened_in_the_zone_of_the_run(desk):
    """A time without an offset is the run's; what is no time is refused."""
    desk.start()
    desk.now = "2009-03-05T08:00+08:00"
    found = desk.json("do", "safety", "record", "notes", "10 characters", "--by", "li.na", "--at", "2009-03-04T09:30")
    assert found["entries"][0]["at"] == "2009-03-04T01:30:00+00:00"
    assert (
        "error PF384: "
        in desk.call("do", "safety", "record", "notes", "1 character", "--by", "li.na", "--at", "noon", code=1).stderr
    )


def test_a_refusal_in_json_names_its_kind_and_every_problem(desk):
    """With --json errors are an object on stderr, and stdout stays empty."""
    desk.start()
    found = desk.call("do", "safety", "request", "study.close", "--by", "li.na", "--json", code=1)
    assert found.stdout == ""
    plain = json.loads(found.stderr)
    assert plain["error"] == "not_entitled"
    assert plain["problems"][0]["code"] == "PF301"
    assert plain["problems"][0]["clause"] == "3"


def test_a_held_gate_in_json_has_verdict_and_reasons(desk):
    """A held gate is an answer: on stdout, with its reasons, and the exit code says that it is held."""
    desk.start()
    found = desk.json("do", "safety", "request", "study.close", "--by", "boss", code=1)
    assert (found["answer"], found["verdict"]["verdict"]) == ("held", "held")
    assert {reason["act"] for reason in found["reasons"]} == {"hold kickoff", "record notes up to 100 characters"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("do", "safety", "record", "notes"), "Missing argument 'AMOUNT'"),
        (("do", "safety", "record", "notes", "1 character"), "say who does it: --by PERSON"),
        (("do", "safety", "dance"), "No such command 'dance'"),
        (("do", "safety", "hold", "kickoff", "--by", "wang", "--now", "2009-03-01"), "has no offset"),
        (("do", "safety", "draft", "summary", "--by", "wang"), "name the version"),
        (("do", "safety", "make-up", "--by", "boss", "--judge", "notes"), "is not NAME=VALUE"),
        (("do", "safety", "judge", "summary", "perhaps", "--by", "boss"), "is not one of"),
        (("todo", "safety"), "name a person, or give --all"),
        (("nonsense",), "No such command 'nonsense'"),
        (("do", "safety", "suspend", "--by", "boss", "--reason", ""), "--reason is empty"),
        (("do", "safety", "record", "notes", "1 character", "--by", "li.na", "--at", ""), "--at is empty"),
        (("do", "safety", "record", "notes", " ", "--by", "li.na"), "AMOUNT is empty"),
        (("start", "policy.yaml", "--start", "2009-03-01", "--run", "x", "--unit", ""), "--unit is empty"),
        (("do", "safety", "hold", "kickoff", "--by", "wang", "--count", "member=²"), "--count takes ROLE=COUNT"),
    ],
)
def test_a_wrong_command_line_ends_with_2(desk, words, told):
    """What cannot be meant is told as usage, and nothing is recorded."""
    desk.start()
    before = desk.json("status", "safety")["entries"]
    assert told in desk.call(*words, code=2).stderr
    assert desk.json("status", "safety")["entries"] == before


def test_a_wrong_command_line_in_json(desk):
    """Also a usage error is an object where JSON is asked for."""
    assert json.loads(desk.call("todo", "safety", "--json", code=2).stderr)["error"] == "usage"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("do", "nowhere", "complete", "x", "--by", "a"), "PF382"),
        (("do", "safety", "complete", "x", "--by", "wang"), "PF330"),
        (("do", "safety", "record", "notes", "many", "--by", "li.na"), "PF12"),
        (("do", "safety", "appoint", "li.na", "lead", "--since", "soon"), "PF383"),
        (("why", "safety", "study.clos"), "PF320"),
        (("status", "nowhere"), "PF382"),
        (("do", "safety", "settle-item", f"problems/{'9' * 5000}", "--by", "wang"), "PF500"),
        (("todo", "safety", "wnag"), "PF482: 'wnag' is not on the roster of 'safety'"),
        (("allowed", "safety", "wnag"), "PF482"),
    ],
)
def test_bad_input_is_a_problem_and_no_traceback(desk, words, code):
    """Whatever phaseflow refuses ends with 1 and a code that `explain` knows."""
    desk.start()
    assert f"error {code}" in desk.call(*words, code=1).stderr


def test_a_name_cannot_make_lines_nor_steer_a_terminal(desk):
    """What a caller typed is repeated in one line, without its controls, and cut where it has no end."""
    desk.start()
    told = desk.call("do", "safety", "complete", "a\nb\x1b[31m" + "x" * 5000, "--by", "wang", code=1).stderr
    assert told.startswith(r"error PF330: there is no duty 'a\nb\x1b[31mxxx")
    assert len(told) < 500
    desk.call("do", "safety", "join", "zhao", "--role", "member", "--by", "boss")
    desk.call("do", "safety", "recuse", "notes", "--by", "zhao", "--reason", "two lines\nof\u2028\x1b[2J")
    assert desk.call("history", "safety").stdout.splitlines()[-1].endswith(r"reason='two lines\nof\u2028\x1b[2J'")


def test_help_of_a_sub_verb_needs_no_run(desk):
    """`do record --help` is what one types first."""
    assert "Usage: phaseflow do RUN record [OPTIONS] DUTY AMOUNT" in desk.call("do", "record", "--help").stdout
    assert "record" in desk.call("do", "--help").stdout


def test_people_can_be_added_and_erased(desk):
    """A person joins with personal values, acts, and is erased; the run still verifies."""
    desk.start()
    desk.call("do", "safety", "join", "zhao", "--role", "member", "--name", "Zhao", "--by", "boss")
    desk.call("do", "safety", "record", "notes", "5 characters", "--by", "zhao")
    desk.call("do", "safety", "erase", "zhao", "--reason", "asked for it", "--by", "boss")
    desk.call("verify", "safety")


def test_a_record_can_be_voided_by_its_number(desk):
    """The number that the answer shows is the one that `void` takes."""
    desk.start()
    seq = desk.json("do", "safety", "record", "notes", "5 characters", "--by", "li.na")["entries"][0]["seq"]
    assert "PF580" in desk.call("do", "safety", "void", "999", "--reason", "typo", "--by", "boss", code=1).stderr
    assert " 95 of 100 characters" in desk.call("todo", "safety", "li.na").stdout
    desk.call("do", "safety", "void", seq, "--reason", "typo", "--by", "boss")
    assert " 100 of 100 characters" in desk.call("todo", "safety", "li.na").stdout
