"""Documents on their routes: who may do what, when, to which version, and what follows (R15, R36)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import Stage, instant, names

from phaseflow.errors import PolicyError
from phaseflow.messages import commands as c
from phaseflow.messages import events as e

ROLES = """
roles:
  office: Office
  lead: {is_a: leader}
  leader: {is_a: member}
  member: Member
  inspector: Inspector
  secretary: Secretary
  guests: {invited: true}
"""
PEOPLE = {"off": "office", "wang": "lead", "zhang": "leader", "li": "member", "sun": "member", "zhao": "inspector",
          "sec": "secretary",
          "both": "lead inspector"}


def stage(route: str, more: str = "by: lead", other: str = "", head: str = "") -> Stage:
    return Stage(f"""{head}{ROLES}
phases:
  one:
    window: none
    closes: by office
    duties:
      report: {{document: Report, {more}, route: {route}}}{other}
""", PEOPLE)


def version(number: int) -> str:
    return f"{number:064x}"


def draft(s: Stage, number: int, by: str = "wang", **more: Any) -> tuple[e.Event, ...]:
    return s.ok(c.Draft, by, document="report", digest=version(number), **more)


def row(s: Stage, subject: str = "") -> Any:
    return s.get(f"document/one/1/report/{subject}")


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_document_is_done_when_its_last_blocking_step_is() -> None:
    """Draft, approve, file: the duty is done with the approval; filing holds nothing up and is still possible after."""
    s = stage("[{draft: lead}, {approve: office, returns_to: draft}, {file: office, blocking: false}]")
    assert row(s).step == "draft"
    assert names(draft(s, 1)) == ["VersionDrafted", "DocumentReached"]
    assert names(s.ok(c.Judge, "off", document="report", accept=True)) == ["StepPassed", "DocumentReached", "DutyDone"]
    assert row(s).step == ""
    assert row(s).open == ("file",)
    assert names(s.ok(c.Hand, "wang", document="report", step="file")) == ["StepPassed"]
    assert "behind it" in s.no(c.Hand, "wang", "PF404", document="report", step="file")
    assert [s.get(f"passed/one/1/report/{name}") for name in ("draft", "approve", "file")] == [1, 1, 1]
    s.check_replay()


def test_every_version_is_kept_and_every_act_names_the_version_it_was_done_on() -> None:
    """After two returns there are three versions, each with its digest; the approval is of the third."""
    s = stage("[{draft: lead}, {approve: office, returns_to: draft}]")
    for number in (1, 2):
        draft(s, number)
        s.ok(c.Judge, "off", document="report", accept=False, reason="too long")
    draft(s, 3)
    s.ok(c.Judge, "off", document="report", accept=True, digest=version(3))
    assert [s.get(f"version/one/1/report//{n:04d}").digest for n in (1, 2, 3)] == [version(n) for n in (1, 2, 3)]
    (passed,) = s.events(e.StepPassed)
    assert (passed.version, passed.digest) == (3, version(3))
    assert [back.version for back in s.events(e.DocumentReturned)] == [1, 2]
    s.check_replay()


@pytest.mark.parametrize("digest", ["", "abc", "0" * 63 + "G", "A" * 64])
def test_a_version_is_known_by_its_digest(digest: str) -> None:
    """Anything but a SHA-256 in hexadecimal is refused."""
    s = stage("[{draft: lead}]")
    s.no(c.Draft, "wang", "PF406", document="report", digest=digest)


def test_a_return_is_answered_by_a_new_version() -> None:
    """What was sent back cannot be handed in unchanged."""
    s = stage("[{draft: lead}, {approve: office, returns_to: draft}]")
    draft(s, 1)
    s.ok(c.Judge, "off", document="report", accept=False, reason="thin")
    s.no(c.Draft, "wang", "PF407", document="report", digest=version(1))
    assert names(draft(s, 2)) == ["VersionDrafted", "DocumentReached"]
    s.check_replay()


def test_whoever_judges_another_version_than_the_one_at_hand_is_refused() -> None:
    """A judgement that names the digest it read is refused when a newer version is there."""
    s = stage("[{draft: lead}, {approve: office, returns_to: draft}]")
    draft(s, 1)
    s.ok(c.Judge, "off", document="report", accept=False, reason="thin")
    draft(s, 2)
    s.no(c.Judge, "off", "PF420", document="report", accept=True, digest=version(1))


def test_an_act_out_of_turn_names_the_step_at_which_the_document_waits_and_who_may_act() -> None:
    """Judging, hearing or handing out before its turn is illegal here, and says where the document is."""
    s = stage("[{draft: lead}, {consult: member, silence: go_on}, {vet: inspector}, {publish: member}]")
    for kind, more in ((c.Judge, {"accept": True}), (c.EndConsultation, {}), (c.Hand, {"step": "publish"}),
                       (c.Opine, {"ref": "x"})):
        text = s.no(kind, "zhao", "PF404", document="report", **more)
        assert "waits at 'draft'" in text
        assert "ask lead" in text
    draft(s, 1)
    assert "waits at 'consult'" in s.no(c.Draft, "wang", "PF404", document="report", digest=version(2))
    s.no(c.Hand, "wang", "PF402", document="report", step="publsh")
    s.no(c.Hand, "wang", "PF403", document="report", step="vet")
    s.check_replay()


def test_a_draft_waits_for_what_the_document_is_based_on() -> None:
    """The source has to be drafted first; a draft is enough."""
    s = stage("[{draft: lead}]", "by: lead, based_on: [notes, figures]",
              "\n      notes: {document: Notes, route: [{draft: lead}, "
              "{vet: inspector}]}\n      figures: {document: Figures, each: leader, route: [{draft: leader}]}")
    text = s.no(c.Draft, "wang", "PF408", "PF408", document="report", digest=version(1))
    assert "'notes'" in text
    assert "'figures'" in text
    s.ok(c.Draft, "wang", document="notes", digest=version(5))
    s.ok(c.Draft, "zhang", document="figures", digest=version(6))
    draft(s, 1)
    s.check_replay()


def test_needs_and_evidence_are_asked_for_at_the_first_draft() -> None:
    """A document cannot be drafted before its conditions hold, nor without the evidence its duty wants."""
    s = stage("[{draft: lead}]", "by: lead, needs: {done: talks}, evidence: [minutes]",
              "\n      talks: {task: Talks, by: lead}")
    s.no(c.Draft, "wang", "PF339", document="report", digest=version(1))
    minutes = (c.Evidence("minutes", "m.pdf"),)
    s.no(c.Draft, "wang", "PF337", document="report", digest=version(1), evidence=minutes)
    s.ok(c.Complete, "wang", duty="talks")
    draft(s, 1, evidence=minutes)
    s.check_replay()


# --- one for each -----------------------------------------------------------------------------------------------------


def test_each_leader_has_a_document_of_their_own() -> None:
    """Two leaders, two routes; the duty is done when both are, and the gate's counter counts documents."""
    s = stage("[{draft: leader}, {vet: lead, returns_to: draft}]", "each: leader")
    draft(s, 1, "zhang")
    draft(s, 2, "wang")
    assert s.get("passed/one/1/report/draft") == 2
    s.ok(c.Judge, "both", document="report", subject="zhang", accept=True)
    assert row(s, "zhang").step == ""
    assert row(s, "wang").step == "vet"
    assert s.get("duty/one/1/report").outstanding == 2  # wang and both
    s.check_replay()


def test_nobody_writes_the_document_of_another_unless_the_policy_names_them() -> None:
    """A leader may not hand in for another leader; a secretary named at the step, or by the duty, may."""
    s = stage("[{draft: leader}, {vet: lead, returns_to: draft}]", "each: leader")
    s.no(c.Draft, "wang", "PF301", document="report", subject="zhang", digest=version(1))
    s.no(c.Draft, "wang", "PF401", document="report", subject="li", digest=version(1))
    s.no(c.Draft, "off", "PF401", document="report", digest=version(1))
    t = stage("[{draft: [leader, secretary]}]", "each: leader")
    draft(t, 1, "sec", subject="zhang")
    u = stage("[{draft: leader}]", "each: leader, by: office")
    draft(u, 1, "off", subject="zhang")
    for one in (s, t, u):
        one.check_replay()


def test_a_document_of_the_run_has_no_subject() -> None:
    """Naming one is refused."""
    s = stage("[{draft: lead}]")
    s.no(c.Draft, "wang", "PF400", document="report", subject="wang", digest=version(1))


# --- judging ----------------------------------------------------------------------------------------------------------


def test_nobody_judges_what_they_have_written() -> None:
    """Somebody with both roles may judge another's version and not their own."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft}]")
    draft(s, 1, "both")
    s.no(c.Judge, "both", "PF306", document="report", accept=True)
    s.ok(c.Judge, "zhao", document="report", accept=False, reason="thin")
    draft(s, 2, "wang")
    s.ok(c.Judge, "both", document="report", accept=True)
    s.check_replay()


def test_not_accepting_needs_a_reason_and_somewhere_to_go() -> None:
    """Without a reason it is refused; without `returns_to` the document only stays where it is."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft}, {approve: office}]")
    draft(s, 1)
    s.no(c.Judge, "zhao", "PF418", document="report", accept=False, reason="  ")
    s.no(c.Judge, "li", "PF301", document="report", accept=True)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert "nowhere" in s.no(c.Judge, "off", "PF419", document="report", accept=False, reason="no")
    assert row(s).step == "approve"
    s.check_replay()


def test_a_return_voids_the_acts_after_its_target_and_no_others() -> None:
    """Sent back to the second draft by the office: the vetting between is void, the first draft stands."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft}, {draft: lead, as: final}, "
              "{vet: inspector, as: again}, {approve: office, returns_to: final}]")
    draft(s, 1)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    draft(s, 2)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    s.ok(c.Judge, "off", document="report", accept=False, reason="no")
    (back,) = s.events(e.DocumentReturned)
    assert back.void == ("final", "again", "approve")
    assert dict(row(s).passed) == {"draft": 1, "vet": 1}
    assert row(s).step == "final"
    assert s.get("passed/one/1/report/again") == 0
    s.check_replay()


def test_absorbing_keeps_earlier_acts_except_those_named_again() -> None:
    """After the review the report is revised: it is vetted again, and not reviewed again (R36)."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft}, {review: member, silence: go_on}, "
              "{absorb: lead, again: [vet]}, {publish: member}]")
    draft(s, 1)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    s.ok(c.EndConsultation, "wang", document="report")
    draft(s, 2)
    assert row(s).step == "vet"
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert row(s).step == "publish"
    s.ok(c.Hand, "wang", document="report", step="publish")
    assert dict(row(s).passed) == {"draft": 1, "vet": 2, "review": 1, "absorb": 2, "publish": 2}
    s.check_replay()


def test_where_there_is_nothing_to_absorb_the_same_text_may_stand() -> None:
    """An absorb step is an act: the author says that this is the text, changed or not."""
    s = stage("[{draft: lead}, {review: member, silence: go_on}, {absorb: lead, again: []}]")
    draft(s, 1)
    s.ok(c.EndConsultation, "wang", document="report")
    assert names(draft(s, 1)) == ["VersionDrafted", "DocumentReached", "DutyDone"]
    s.check_replay()


# --- marked parts, conditions -----------------------------------------------------------------------------------------

MARKED = (
    "[{draft: lead}, {decide: office, of: overall, returns_to: draft, marked_by: [lead, inspector]}, "
    "{vet: inspector, returns_to: draft}]"
)


def test_without_a_marked_part_the_higher_body_is_passed_over_and_that_is_recorded() -> None:
    """The skip stands in the trail with its reason, and gates read it as passed."""
    s = stage(MARKED)
    reached = draft(s, 1)[1]
    assert reached.skipped == {"decide": "no part is marked 'overall'"}  # type: ignore[attr-defined]
    assert row(s).step == "vet"
    assert s.get("passed/one/1/report/decide") == 1
    s.check_replay()


def test_a_part_that_is_marked_later_brings_the_document_back() -> None:
    """Marked after everything was passed: back to the body that decides, later acts void, the duty owed again."""
    s = stage(MARKED)
    s.no(c.MarkPart, "wang", "PF424", document="report", part="chapter 3", mark="overall")
    draft(s, 1)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert s.get("duty/one/1/report").outstanding == 0
    s.no(c.MarkPart, "wang", "PF422", document="report", part="chapter 3", mark="overal")
    s.no(c.MarkPart, "li", "PF301", document="report", part="chapter 3", mark="overall")
    s.no(c.MarkPart, "zhao", "PF423", document="report", part=" ", mark="overall")
    events = s.ok(c.MarkPart, "zhao", document="report", part="chapter 3", mark="overall")
    assert names(events) == ["PartMarked", "DutyUndone", "DocumentReached"]
    assert events[0].void == ("decide", "vet")  # type: ignore[attr-defined]
    s.no(c.MarkPart, "zhao", "PF423", document="report", part="chapter 3", mark="overall")
    assert row(s).step == "decide"
    assert s.get("duty/one/1/report").outstanding == 1
    s.ok(c.Judge, "off", document="report", accept=True)
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert s.get("duty/one/1/report").outstanding == 0
    s.check_replay()


def test_a_part_that_is_marked_in_time_only_waits() -> None:
    """Marked before the route gets there: nothing is void, and the step is not passed over."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft}, {decide: office, of: overall}]")
    draft(s, 1)
    assert names(s.ok(c.MarkPart, "wang", document="report", part="a", mark="overall")) == ["PartMarked"]
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert row(s).step == "decide"
    s.check_replay()


def test_a_step_whose_condition_does_not_hold_is_skipped_with_the_reason() -> None:
    """The condition is judged when the route arrives there."""
    s = stage("[{draft: lead}, {vet: inspector, when: {done: talks}}, {approve: office}]",
              other="\n      talks: {task: Talks, by: lead}")
    assert "'talks' done" in draft(s, 1)[1].skipped["vet"]  # type: ignore[attr-defined]
    t = stage("[{draft: lead}, {vet: inspector, when: {done: talks}}, {approve: office}]",
              other="\n      talks: {task: Talks, by: lead}")
    t.ok(c.Complete, "wang", duty="talks")
    draft(t, 1)
    assert (row(s).step, row(t).step) == ("approve", "vet")
    for one in (s, t):
        one.check_replay()


def test_a_condition_on_an_unknown_fact_skips_nothing() -> None:
    """Where the result of a poll is not known, the step stands (R23)."""
    poll = (
        "\n      mood: {poll: Mood, by: lead, choices: [good, bad], measure: good of valid, anonymous: true, "
        "quorum: none, edges: {all: {raters: member}}}"
    )
    s = stage("[{draft: lead}, {vet: inspector, when: {poll: mood, below: 50%}}]", other=poll)
    draft(s, 1)
    assert row(s).step == "vet"
    s.check_replay()


def test_a_missing_host_fact_refuses_the_act_and_changes_nothing() -> None:
    """Neither yes nor no: the gate crashed."""
    s = stage("[{draft: lead}, {vet: inspector, when: {fact: weather, version: '1'}}]")
    decision = s.do(c.Draft, "wang", document="report", digest=version(1))
    assert decision.refusal is not None
    assert decision.refusal.kind == "crashed"
    assert row(s).version == 0


# --- opinions ---------------------------------------------------------------------------------------------------------

CONSULT = (
    "[{draft: lead}, {consult: [member, guests], answer_each: true, silence: hold}, "
    "{vet: inspector, returns_to: draft}]"
)


def test_every_opinion_is_answered_before_the_document_goes_on() -> None:
    """The next step is refused with one line an opinion; absorbed or not, each answer counts."""
    s = stage(CONSULT)
    draft(s, 1)
    s.ok(c.Opine, "li", document="report", ref="note 1")
    s.ok(c.Opine, "sun", document="report", ref="note 2")
    s.ok(c.EndConsultation, "wang", document="report")
    text = s.no(c.Judge, "zhao", "PF411", "PF411", document="report", accept=True)
    assert "opinion 1" in text
    assert "opinion 2" in text
    s.no(c.AnswerOpinion, "li", "PF301", document="report", opinion=1, absorbed=True, reason="")
    s.no(c.AnswerOpinion, "wang", "PF425", document="report", opinion=1, absorbed=False, reason=" ")
    s.no(c.AnswerOpinion, "wang", "PF409", document="report", opinion=7, absorbed=True, reason="")
    s.ok(c.AnswerOpinion, "wang", document="report", opinion=1, absorbed=False, reason="absorbed elsewhere")
    s.no(c.AnswerOpinion, "wang", "PF410", document="report", opinion=1, absorbed=True, reason="")
    s.ok(c.AnswerOpinion, "wang", document="report", opinion=2, absorbed=True, reason="section 4")
    s.ok(c.Judge, "zhao", document="report", accept=True)
    opinions = [s.get(f"opinion/one/1/report//{n:04d}") for n in (1, 2)]
    assert [(row.absorbed, row.reason) for row in opinions] == [(False, "absorbed elsewhere"), (True, "section 4")]
    s.check_replay()


def test_a_version_that_absorbs_answers_opinions_itself() -> None:
    """Answers come with the version; all that is wrong with them is said at once."""
    s = stage("[{draft: lead}, {consult: member, answer_each: true, silence: hold}, {absorb: lead, again: []}]")
    draft(s, 1)
    for ref in ("a", "b"):
        s.ok(c.Opine, "li", document="report", ref=ref)
    s.ok(c.EndConsultation, "wang", document="report")
    s.no(c.Draft, "wang", "PF411", document="report", digest=version(2), answers={"1": "absorbed"})
    s.no(c.Draft, "wang", "PF409", "PF425", document="report", digest=version(2), answers={"x": "absorbed", "2": ""})
    draft(s, 2, answers={"1": "absorbed: section 2", "2": "out of scope"})
    assert [(a.number, a.absorbed, a.reason) for a in s.events(e.OpinionAnswered)] == [(1, True, "section 2"),
                                                                                       (2, False, "out of scope")]
    s.check_replay()


def test_a_consultation_with_nothing_after_it_ends_only_when_all_is_answered() -> None:
    """No later step could wait for the answers."""
    s = stage("[{draft: lead}, {consult: member, answer_each: true, silence: hold}]")
    draft(s, 1)
    s.ok(c.Opine, "li", document="report", ref="a")
    s.no(c.EndConsultation, "wang", "PF411", document="report")
    s.ok(c.AnswerOpinion, "wang", document="report", opinion=1, absorbed=True, reason="")
    s.ok(c.EndConsultation, "wang", document="report")
    s.check_replay()


def test_opinions_come_from_those_who_are_heard_or_are_recorded_for_a_group() -> None:
    """Members speak for themselves; whoever writes the document records for the guests; nobody else speaks."""
    s = stage(CONSULT)
    draft(s, 1)
    s.no(c.Opine, "zhao", "PF301", document="report", ref="x")
    s.no(c.Opine, "wang", "PF412", document="report", ref="x", group="gests")
    s.no(c.Opine, "li", "PF301", document="report", ref="x", group="guests")
    s.no(c.Opine, "li", "PF413", document="report", ref=" ")
    s.no(c.Opine, "li", "PF420", document="report", ref="x", digest=version(9))
    s.ok(c.Opine, "li", document="report", ref="x", digest=version(1))
    s.ok(c.Opine, "wang", document="report", ref="forum", group="guests")
    assert [(o.group, o.recorded, o.version) for o in s.events(e.OpinionGiven)] == [("member", False, 1),
                                                                                    ("guests", True, 1)]
    s.check_replay()


@pytest.mark.parametrize(("members", "guests", "met"), [(9, 1, True), (10, 1, False), (0, 0, False)])
def test_least_shares_are_judged_on_those_heard_exactly(members: int, guests: int, met: bool) -> None:
    """A tenth is a tenth: 1 of 10 is enough, 1 of 11 is not, and among nobody no share is reached (R15)."""
    s = stage("[{draft: lead}, {review: [member, guests], at_least: {guests: 1/10}, silence: go_on}]")
    draft(s, 1)
    if guests:
        s.ok(c.Opine, "wang", document="report", ref="forum", group="guests")
    for _ in range(3 if members else 0):  # one person who speaks three times is one person heard
        s.ok(c.Opine, "li", document="report", ref="x")
    consulted = {"member": members, "guests": guests} if members else {}
    if met:
        s.ok(c.EndConsultation, "wang", document="report", consulted=consulted)
        assert s.events(e.StepPassed)[0].heard == {"guests": 1, "member": 9}
    else:
        assert "'guests'" in s.no(c.EndConsultation, "wang", "PF414", document="report", consulted=consulted)
    s.no(c.EndConsultation, "li", "PF404" if met else "PF301", document="report")
    s.check_replay()


def test_who_spoke_was_consulted() -> None:
    """A count below those who gave an opinion, or of a group that is not heard, is refused."""
    s = stage(CONSULT)
    draft(s, 1)
    s.ok(c.Opine, "li", document="report", ref="x")
    s.no(c.EndConsultation, "wang", "PF417", "PF417", document="report", consulted={"member": 0, "office": 3})


def test_silence_goes_on_holds_or_is_asked_about() -> None:
    """Three words, three results when a consultation ends without an opinion."""
    on = stage("[{draft: lead}, {consult: member, silence: go_on}]")
    draft(on, 1)
    assert names(on.ok(c.EndConsultation, "wang", document="report"))[0] == "StepPassed"
    held = stage("[{draft: lead}, {consult: member, silence: hold}]")
    draft(held, 1)
    held.no(c.EndConsultation, "wang", "PF415", document="report")
    asked = stage("[{draft: lead}, {consult: member, silence: unstated, asks: office}]")
    draft(asked, 1)
    (question,) = asked.ok(c.EndConsultation, "wang", document="report")
    assert question.role == "office"  # type: ignore[attr-defined]
    asked.no(c.EndConsultation, "wang", "PF416", document="report")
    name = question.question  # type: ignore[attr-defined]
    asked.no(c.Answer, "off", "PF426", question=name, verdict="maybe", reason="")
    asked.no(c.Answer, "wang", "PF301", question=name, verdict="go_on", reason="")
    assert names(asked.ok(c.Answer, "off", question=name, verdict="go_on", reason="they were asked")) == [
        "QuestionAnswered", "StepPassed", "DocumentReached", "DutyDone"]
    for s in (on, held, asked):
        s.check_replay()


def test_an_answer_that_comes_too_late_is_only_recorded() -> None:
    """Meanwhile somebody spoke and the consultation was ended: the document does not move twice."""
    s = stage("[{draft: lead}, {consult: member, silence: unstated, asks: office}, {vet: inspector}]")
    draft(s, 1)
    (question,) = s.ok(c.EndConsultation, "wang", document="report")
    s.ok(c.Opine, "li", document="report", ref="x")
    s.ok(c.EndConsultation, "wang", document="report")
    events = s.ok(c.Answer, "off", question=question.question, verdict="go_on", reason="")  # type: ignore[attr-defined]
    assert names(events) == ["QuestionAnswered"]
    assert row(s).step == "vet"
    s.check_replay()


def test_a_new_round_of_consultation_hears_anew() -> None:
    """After a return, the opinions of the round before count neither as speech nor for the shares."""
    s = stage("[{draft: lead}, {consult: member, silence: hold}, {vet: inspector, returns_to: draft}]")
    draft(s, 1)
    s.ok(c.Opine, "li", document="report", ref="x")
    s.ok(c.EndConsultation, "wang", document="report")
    s.ok(c.Judge, "zhao", document="report", accept=False, reason="thin")
    draft(s, 2)
    s.no(c.EndConsultation, "wang", "PF415", document="report")
    s.check_replay()


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silence", "expected", "step"),
    [("accept", ["StepFellDue", "StepPassed", "DocumentReached", "DutyDone"], ""),
     ("return", ["StepFellDue", "DocumentReturned", "DocumentReached"], "draft"),
     ("hold", ["StepFellDue"], "vet"), ("unstated, asks: office", ["StepFellDue", "QuestionAsked"], "vet")],
)  # fmt: skip
def test_when_the_time_for_a_judgement_is_over_silence_means_what_the_policy_says(silence: str, expected: list[str],
                                                                                  step: str) -> None:
    """Law 6: nothing closes by time unless the policy says so, and then at the written instant."""
    s = stage(f"[{{draft: lead}}, {{vet: inspector, returns_to: draft, within: 5 days, silence: {silence}}}]")
    draft(s, 1)
    assert s.timers() == ["timer/2009-03-06T08:02:00.000000Z/3/document/one/1/report/#vet"]
    assert names(s.tick("03-20")) == expected
    assert s.trail[-1].at == instant("03-06 08:02")
    assert row(s).step == step
    assert s.timers() == []
    s.check_replay()


@pytest.mark.parametrize(("verdict", "step"), [("accept", ""), ("return", "draft"), ("hold", "vet")])
def test_what_an_unstated_silence_means_is_decided_by_the_role_that_is_asked(verdict: str, step: str) -> None:
    """The answer moves the document; `hold` leaves it."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft, within: 5 days, silence: unstated, asks: office}]")
    draft(s, 1)
    asked = s.tick("03-20")[1]
    s.ok(c.Answer, "off", question=asked.question, verdict=verdict, reason="so")  # type: ignore[attr-defined]
    assert row(s).step == step
    s.check_replay()


def test_an_act_in_time_disarms_the_limit_and_a_return_arms_it_anew() -> None:
    """Every stay at a step has its own time limit."""
    s = stage("[{draft: lead}, {vet: inspector, returns_to: draft, within: 5 days, silence: accept}, "
              "{approve: office}]")
    draft(s, 1)
    s.ok(c.Judge, "zhao", now="03-04", document="report", accept=False, reason="thin")
    assert s.timers() == []
    draft(s, 2, now="03-10")
    assert [key.split("/")[1] for key in s.timers()] == ["2009-03-15T08:00:00.000000Z"]
    s.ok(c.Judge, "zhao", document="report", accept=True)
    assert s.timers() == []
    s.check_replay()


def test_time_passes_no_step_over_the_head_of_an_unanswered_opinion() -> None:
    """`silence: accept` holds while an opinion that must be answered is not."""
    s = stage("[{draft: lead}, {consult: member, answer_each: true, silence: go_on}, "
              "{vet: inspector, within: 5 days, silence: accept}]")
    draft(s, 1)
    s.ok(c.Opine, "li", document="report", ref="x")
    s.ok(c.EndConsultation, "wang", document="report")
    (due,) = s.tick("03-20")
    assert due.silence == "hold"  # type: ignore[attr-defined]
    assert row(s).step == "vet"
    s.check_replay()


def test_the_time_of_a_consultation_goes_on_only_over_silence() -> None:
    """Nobody spoke: it goes on. Somebody spoke: the one who runs the consultation ends it."""
    route = "[{draft: lead}, {consult: member, within: 5 days, silence: go_on}, {vet: inspector}]"
    silent, spoken = stage(route), stage(route)
    for s in (silent, spoken):
        draft(s, 1)
    spoken.ok(c.Opine, "li", document="report", ref="x")
    for s, step in ((silent, "vet"), (spoken, "consult")):
        s.tick("03-20")
        assert row(s).step == step
        s.check_replay()


# --- handing out, edges, ends -----------------------------------------------------------------------------------------


def test_what_goes_along_must_be_there() -> None:
    """The report is filed together with the review, so not before it; a step that was passed over does not hold it."""
    s = stage("[{draft: lead}, {vet: inspector, blocking: false}, {file: office, with: vet, by: secretary}]")
    draft(s, 1)
    s.no(c.Hand, "wang", "PF301", document="report", step="file")
    s.no(c.Hand, "sec", "PF421", document="report", step="file")
    s.ok(c.Judge, "zhao", document="report", accept=True)
    s.ok(c.Hand, "sec", document="report", step="file", evidence=(c.Evidence("receipt", "r.pdf"),))
    t = stage("[{draft: lead}, {decide: office, of: overall}, {file: office, with: decide}]")
    draft(t, 1)
    t.ok(c.Hand, "wang", document="report", step="file")
    for one in (s, t):
        one.check_replay()


def test_due_days_hang_on_what_happens_to_a_document() -> None:
    """Once every leader's measure is approved, what is due five days after that has a date."""
    s = stage("[{draft: leader}, {approve: office}]", "each: leader",
              "\n      notice: {task: Tell, by: lead, due: 5 days after report approved}")
    for number, who in enumerate(("wang", "zhang", "both")):
        draft(s, number, who)
        assert s.get("happened/report/approved") is None
        s.ok(c.Judge, "off", document="report", subject=who, accept=True)
    assert str(s.get("happened/report/approved")) == "2009-03-01"
    assert str(s.get("duty/one/1/notice").term.day) == "2009-03-06"
    s.check_replay()


def test_a_route_goes_on_after_its_phase_was_closed() -> None:
    """What is under way can be finished until the run is put away; nothing is begun any more (R10)."""
    s = stage("[{draft: lead}, {publish: member}, {file: office, blocking: false}]",
              other="\n      late: {document: Late, route: [{draft: lead}]}")
    draft(s, 1)
    s.ok(c.Hand, "wang", document="report", step="publish")
    s.ok(c.Ask, "off", move="one.close")
    s.ok(c.Hand, "wang", document="report", step="file")
    s.no(c.Draft, "wang", "PF333", document="late", digest=version(1))
    s.ok(c.Ask, "off", move="finished")
    s.check_replay()


def test_a_checked_document_counts_once_it_was_confirmed() -> None:
    """`checked_by` stands after the route."""
    s = stage("[{draft: lead}]", "by: lead, checked_by: inspector")
    assert names(draft(s, 1)) == ["VersionDrafted", "DocumentReached", "TaskReported"]
    assert s.get("duty/one/1/report").outstanding == 1
    s.ok(c.Confirm, "zhao", duty="report", subject="", good=True)
    assert s.get("duty/one/1/report").outstanding == 0
    s.check_replay()


def test_several_steps_that_could_be_meant_must_be_named() -> None:
    """Two vettings that hold nothing up: the command says which."""
    s = stage("[{draft: lead}, {vet: inspector, as: law, blocking: false}, "
              "{vet: office, as: style, blocking: false}, {publish: member}]")
    draft(s, 1)
    s.no(c.Judge, "zhao", "PF405", document="report", accept=True)
    s.ok(c.Judge, "zhao", document="report", accept=True, step="law")
    s.ok(c.Judge, "off", document="report", accept=True)
    s.check_replay()


# --- what does not compile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "code"),
    [("[{draft: lead, blocking: false}]", "PF440"),
     ("[{draft: lead}, {consult: member, silence: go_on}, {vet: inspector, returns_to: consult}]", "PF441"),
     ("[{draft: lead}, {review: member, silence: go_on, at_least: {member: 10% of invited}}]", "PF442"),
     ("[{draft: lead}, {review: member, silence: go_on, at_least: {guests: 10%}}]",
      "PF201"), ("[{draft: lead}], based_on: [nots]", "PF201"),
     ("[{draft: lead}, {decide: office, of: overall, marked_by: leed}]", "PF201")],
)  # fmt: skip
def test_a_route_that_leaves_something_open_does_not_compile(route: str, code: str) -> None:
    """Law 5, for documents."""
    with pytest.raises(PolicyError) as caught:
        stage(route)
    assert [problem.code for problem in caught.value.problems] == [code]


# --- the law of routes ------------------------------------------------------------------------------------------------

WALK = """[{draft: lead}, {consult: [member, guests], answer_each: true, silence: go_on},
  {decide: office, of: overall, returns_to: draft},
  {vet: inspector, returns_to: draft, within: 3 days, silence: accept},
  {absorb: lead, again: [vet]}, {publish: member}, {file: office, with: vet, blocking: false}]"""

ACTS = st.one_of(
    st.builds(lambda n, a: (c.Draft, "wang", {"digest": version(n), "answers": a}), st.integers(1, 4),
              st.dictionaries(st.sampled_from("123"), st.just("absorbed"), max_size=2)),
    st.sampled_from([
        (c.Opine, "li", {"ref": "x"}), (c.Opine, "wang", {"ref": "y", "group": "guests"}), (c.EndConsultation, "wang",
                                                                                            {}),
        (c.Judge, "zhao", {"accept": True}), (c.Judge, "zhao", {"accept": False, "reason": "no"}), (c.Judge, "off",
                                                                                                    {"accept": True}),
        (c.Judge, "off", {"accept": False, "reason": "no"}), (c.MarkPart, "wang", {"part": "a", "mark": "overall"}),
        (c.Hand, "wang", {"step": "publish"}), (c.Hand, "wang", {"step": "file"}),
    ]),
    st.builds(lambda n, a: (c.AnswerOpinion, "wang", {"opinion": n, "absorbed": a, "reason": "r"}), st.integers(1, 4),
              st.booleans()),
    st.just((c.Tick, "", {})),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, max_size=40))
def test_no_order_of_acts_breaks_a_route(acts: list[tuple[type[c.Command], str, dict[str, Any]]]) -> None:
    """Whatever is tried: the trail gives the rows, versions only grow, and done means every blocking step is behind."""
    s = stage(WALK)
    day = 1
    for kind, by, more in acts:
        if kind is c.Tick:
            day += 2
            s.tick(f"{3 + day // 28:02d}-{1 + day % 28:02d}")
        else:
            s.do(kind, by, document="report", **more)
        state, duty = row(s), s.get("duty/one/1/report")
        route = s.plan.unit.duties["report"].route
        behind = [rule.name for rule in route if rule.name in state.behind]
        blocking = [rule.name for rule in route if rule.blocking]
        assert duty.done == (1 if state.step == "" else 0)
        assert state.step == next((name for name in blocking if name not in behind), "")
        assert all((s.get(f"passed/one/1/report/{rule.name}") or 0) == (rule.name in behind) for rule in route)
        assert not (state.step == "" and state.unanswered)
        assert state.authors or not state.version
    numbers = [event.version for event in s.events(e.VersionDrafted)]
    assert numbers == list(range(1, len(numbers) + 1))
    s.check_replay()
