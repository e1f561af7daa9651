# ruff: noqa: E501 - a line of a policy stays on one line
"""Exploration on the district's rules and on small ones: what is proved, what is refuted, and what is left open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.recall import policies

from phaseflow.analysis.explore.answers import Answer, prove
from phaseflow.analysis.explore.items import claimable, verified
from phaseflow.analysis.explore.properties import Properties, can_end, compile_properties
from phaseflow.analysis.findings import view
from phaseflow.cli import main
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.errors import PolicyError
from phaseflow.spec.reader import read, read_policy

DISTRICT = Path(__file__).parents[2] / "examples" / "district_campaign"


def district(*changes: tuple[str, str]) -> Plan:
    """The district's rules, changed in some places."""

    def load(name: str) -> bytes:
        text = (DISTRICT / Path(name).name).read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        return text.encode()

    for old, _new in changes:
        assert any(old in (DISTRICT / name).read_text(encoding="utf-8") for name in ("policy.yaml", "operating.yaml"))
    reading = read_policy(load("operating.yaml"), file="operating.yaml", load=load)
    return compile_policy(reading.result(), reading.sources)


def answers(plan: Plan, text: str | None = None) -> dict[str, Answer]:
    """The answers to the claims about the district, or to other ones, by name."""
    source = text.encode() if text is not None else (DISTRICT / "operating.properties.yaml").read_bytes()
    claims = compile_properties(read(source, Properties, file="claims.yaml").result(), plan)
    return {claim.name: prove(view(plan), claim) for claim in claims}


def test_the_claims_of_the_district_are_proved() -> None:
    """Nobody completes below the pass mark: proved on the slice that has a say in it."""
    found = answers(district())
    assert {name: answer.verdict for name, answer in found.items()} == dict.fromkeys(found, "proved")
    assert found["pass_mark"].slice == ("rectify", "rating", "repair", "summing_up")
    assert found["pass_mark"].states < 100


SABOTAGE = [
    ("pass_mark", ("{below: pass_mark, go: look_back,", "{below: 82%, go: look_back,")),
    ("redo_is_redo", ("{below: redo_mark, go: redo,", "{below: redo_mark, go: look_back,")),
    ("summary_after_rating", ("  closing: {from: rating,", "  short_cut: {from: study, to: summing_up, by: unit_lead, window: none, duties: all, max: unlimited}\n  closing: {window: none, duties: all, max: unlimited, from: rating,")),
    ("programme_waits", ("    finished: {gate: {units: 100%, concluded: any}}", "    finished: {from: rating, gate: {units: 100%, concluded: any}}")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), SABOTAGE, ids=lambda value: value if isinstance(value, str) else "")
def test_each_claim_is_refuted_on_a_sabotaged_policy(name: str, change: tuple[str, str]) -> None:
    """A claim that cannot fail says nothing: with the fault planted, each is refuted by a way that replays."""
    answer = answers(district(change, ("}, owes: next_batch", "}, by: unit_lead, owes: next_batch")))[name]
    assert (answer.verdict, answer.why) == ("refuted", answer.why)
    assert answer.commands
    assert answer.way


def test_a_run_that_cannot_end_is_found_with_the_way_to_it() -> None:
    """Closing the look-back by hand leaves the district's run in no phase, with nothing that opens one."""
    text = "properties: {ends: {eventually: {ended: any}, without: reopening}}"
    answer = answers(district(), text)["ends"]
    assert answer.verdict == "refuted"
    assert answer.way[-2:] == (
        "satisfaction is counted with 80 %: rating closes, repair opens",
        "somebody asks for repair.close: repair closes",
    )
    mended = district(
        ("    opens: by transition\n    window: none\n    clause: P3.poll.3", "    opens: by transition\n    window: none\n    gate: {not: {reached: repair}}\n    clause: P3.poll.3"),
        ("    opens: by transition\n    window: none\n    clause: P3.sum", "    opens: by transition\n    window: none\n    gate: {not: {reached: summing_up}}\n    clause: P3.sum"),
        ("  rating:\n    gate: {done: satisfaction}", "  rating:\n    gate: {not: {reached: rating}}"),
        ("  summing_up:\n    gate: duties\n", "  summing_up:\n"),
    )  # fmt: skip
    assert answers(mended, text)["ends"].verdict == "proved"


SMALL = """\
phaseflow: 1
campaign: small
zone: UTC
roles: {boss: Boss, member: Member}
ledgers: {gaps: {opened_by: boss, survives: true, classes: {gap: none}, close: {by: boss, evidence: none, verify: none}}}
phases:
  a: {window: none, opens: with campaign, closes: by boss, clock: calendar, GATE duties: {t: {task: T, by: member, due: none}}}
  b: {window: none, opens: when a closes, closes: by boss, clock: calendar}
outcomes: {done: {by: boss, from: b}}
"""


def small(gate: str = "") -> Plan:
    text = SMALL.replace("GATE", gate and f"gate: {gate},")
    return compile_policy(read_policy(text.encode(), file="small.yaml").result())


def test_what_was_done_can_be_undone_and_is_not_proved() -> None:
    """That a duty is done behind its gate is no law where it can be said without: bounded, or refuted for real."""
    claim = "properties: {worked: {always: {done: t}, when: {open: b}}}"
    assert answers(small(), claim)["worked"].verdict == "refuted"
    assert answers(small("{done: t}"), claim)["worked"].verdict == "bounded"


def test_a_claim_about_items_is_refuted_by_opening_one() -> None:
    """A counterexample may have to do something early that the way itself does not ask for."""
    claim = "properties: {clean: {never: {items: gaps, no_fewer: 1}, when: {ended: done}}}"
    answer = answers(small(), claim)["clean"]
    assert answer.verdict == "refuted"
    assert "OpenItem" in {type(command).__name__ for _run, command in answer.commands}


def test_too_many_states_are_bounded_and_never_proved() -> None:
    """With fewer states than there are, nothing is proved."""
    plan = district()
    claims = compile_properties(read((DISTRICT / "operating.properties.yaml").read_bytes(), Properties).result(), plan)
    for claim in (*claims, can_end("programme")):
        answer = prove(view(plan), claim, most=5)
        assert answer.verdict == "bounded", claim.name
        assert "there are more" in answer.why


def test_a_band_may_lead_outside_the_slice() -> None:
    """A limited move between phases that have no say in a claim changes nothing in it, and breaks nothing."""
    text = """\
phaseflow: 1
campaign: wide
zone: UTC
roles: {boss: Boss, member: Member}
defaults: {phase: {opens: with campaign, closes: by boss}, duty: {due: none}}
phases:
  a:
    window: none
    duties:
      vote: {poll: Vote, by: boss, edges: {own: {raters: member}}, choices: [yes_, no_], measure: yes_ of valid, anonymous: false, quorum: {count: 1, otherwise: void}, bands: {exclusive: [{below: 50%, go: [hop, leave]}, {otherwise: leave}]}}
  b: {window: none}
  c: {window: none, opens: by transition}
  d: {window: none, opens: when a closes}
transitions:
  hop: {from: b, to: c, max: 1, otherwise: done, window: none, duties: all}
  leave: {from: a, to: d, window: none, duties: all, max: unlimited}
outcomes: {done: {by: boss, from: d}}
"""
    plan = compile_policy(read_policy(text.encode()).result())
    found = answers(plan, "properties: {order: {always: {closed: a}, when: {open: d}}}")["order"]
    assert (found.verdict, found.slice) == ("proved", ("a", "d"))


BAD_CLAIMS = [
    ("properties: {p: {}}", "PF880", 17), ("properties: {p: {eventually: {ended: done}, when: {open: a}}}", "PF880", 51),
    ("properties: {p: {never: {ended: gone}}}", "PF201", 33), ("properties: {p: {never: {open: z}}}", "PF201", 32),
    ("properties: {p: {never: {done: u}}}", "PF201", 32), ("properties: {p: {never: {ended: any}, level: programme}}", "PF201", 46),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "col"), BAD_CLAIMS)
def test_a_claim_that_says_nothing_is_told_in_its_place(text: str, code: str, col: int) -> None:
    """Names that nothing bears and claims of the wrong form are positioned problems, like those of a policy."""
    with pytest.raises(PolicyError) as caught:
        compile_properties(read(text, Properties, file="claims.yaml").result(), small())
    assert [(p.code, p.span.line, p.span.col) for p in caught.value.problems] == [(code, 1, col)]


def test_the_verb_explores(tmp_path: Path) -> None:
    """Exit 1 for a refuted claim, 0 otherwise; the same as JSON, with the commands."""
    policy = tmp_path / "small.yaml"
    policy.write_text(SMALL.replace("GATE", ""), encoding="utf-8")
    plain = CliRunner().invoke(main, ["explore", str(policy)])
    assert (plain.exit_code, plain.stdout.splitlines()[0]) == (1, "refuted: every run can still end (unit.can_end)")
    claims = tmp_path / "small.properties.yaml"
    claims.write_text("properties: {order: {always: {closed: a}, when: {open: b}}}", encoding="utf-8")
    found = json.loads(CliRunner().invoke(main, ["explore", "--json", str(policy)]).stdout)
    assert {one["name"]: one["verdict"] for one in found} == {"can_end": "refuted", "order": "proved"}
    assert found[0]["commands"][0]["command"] == "StartRun"
    policy.write_text(SMALL.replace("GATE", "").replace("from: b", ""), encoding="utf-8")
    assert CliRunner().invoke(main, ["explore", str(policy)]).exit_code == 0


# --- items ------------------------------------------------------------------------------------------------------------

CLOSING = [
    ("by: owner, evidence: none, verify: member, poor: reopen", "proved"),
    ("by: [owner, boss], evidence: required, verify: member, poor: make_up", "proved"),
    ("by: owner, evidence: none, verify: member, poor: reopen, max: 2, otherwise: boss", "refuted"),
]


@pytest.mark.parametrize(("rule", "verdict"), CLOSING)
def test_whether_an_item_can_be_closed_unverified(rule: str, verdict: str) -> None:
    """Where a role decides in the end, an item that was found poor can be closed all the same; else it cannot."""
    text = SMALL.replace("GATE", "").replace("by: boss, evidence: none, verify: none", rule)
    text = text.replace("classes: {gap: none}", "classes: {gap: none, other: {within: 3 days, parked: true}}")
    plan = compile_policy(read_policy(text.encode(), file="small.yaml").result())
    ledger = plan.unit.ledgers["gaps"]
    assert claimable(ledger)
    answer = verified(view(plan), plan.unit, ledger)
    assert answer.verdict == verdict
    if verdict == "refuted":
        assert answer.way[-2:] == ("it is found poor", "boss answers: close")


def test_where_nobody_verifies_nothing_is_claimed() -> None:
    """A policy that wants nobody to verify is not asked for it."""
    assert not claimable(small().unit.ledgers["gaps"])


# --- counterexamples as scenarios -------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [DISTRICT / "operating.yaml", None], ids=["district", "small"])
def test_a_counterexample_is_a_scenario_that_plays(policy: Path | None, tmp_path: Path) -> None:
    """What `explore` writes, `phaseflow test` plays through the engine: every act is accepted, and it ends as said."""
    if policy is None:
        policy = tmp_path / "small.yaml"
        policy.write_text(SMALL.replace("GATE", ""), encoding="utf-8")
        claims = "properties: {clean: {never: {items: gaps, no_fewer: 1}, when: {ended: done}}}"
        (tmp_path / "small.properties.yaml").write_text(claims, encoding="utf-8")
    stories = tmp_path / "stories"
    stories.mkdir()
    explored = CliRunner().invoke(main, ["explore", str(policy), "--scenarios", str(stories)])
    assert explored.exit_code == 1
    assert len(list(stories.iterdir())) == 2
    played = CliRunner().invoke(main, ["test", str(stories)])
    assert played.exit_code == 0, played.output
    assert "2 passed" in played.output


@pytest.mark.slow
@pytest.mark.parametrize("policy", policies(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_example_is_explored(policy: Path) -> None:
    """No example is too much: each claim about it is answered, and every counterexample has its commands."""
    found = CliRunner().invoke(main, ["explore", "--json", str(policy)])
    assert found.exit_code in (0, 1), found.output
    answers = json.loads(found.stdout)
    assert answers
    for answer in answers:
        assert answer["verdict"] in ("proved", "refuted", "bounded")
        assert bool(answer["commands"]) == (answer["verdict"] == "refuted")
