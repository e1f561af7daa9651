# ruff: noqa: E501 - a policy and a row of a table stay on one line
"""People: who may do what, in person or for somebody else, and what coming and going changes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from campaign import Campaign, c, e, names

from phaseflow.messages.commands import Person

BASE = """
roles:
  boss: Boss
  deputy: {is_a: member}
  leader: {is_a: deputy}
  member: Member
  auditor: {independent_of: leader}
  guest: {invited: true}
phases:
  a:
    window: none
    opens: with campaign
    closes: by boss
    duties:
      job: {task: Job, by: [leader, auditor], due: none}
      each_job: {task: Own job, each: member, due: none}
outcomes: {done: {by: boss}}
"""

PASSING = BASE + "delegation: {roles: [leader, boss], to: any, longest_chain: CHAIN}\n"


def delegating(chain: int = 1, **people: str) -> Campaign:
    return Campaign(
        PASSING.replace("CHAIN", str(chain)),
        people={"ann": "boss", "lea": "leader", "mo": "member", "kim": "member", **people},
    )


def passed_on(
    run: Campaign,
    giver: str,
    to: str,
    *,
    role: str = "leader",
    since: str = "2026-01-10",
    until: str = "2026-01-20",
    **more: object,
) -> str:
    """A delegation; its id."""
    from datetime import date

    run.do(c.Delegate, giver, str(more.pop("now", "01-05")), to=to, roles=(role,), since=date.fromisoformat(since),
           until=date.fromisoformat(until), reason="leave", **more)  # fmt: skip
    return str(run.all(e.AuthorityDelegated)[-1].delegation)


# --- roles ------------------------------------------------------------------------------------------------------------


def test_a_role_brings_the_roles_it_implies() -> None:
    """`is_a` is transitive: a leader is a deputy is a member, and owes what members owe."""
    with Campaign(BASE, people={"lea": "leader", "mo": "member"}) as run:
        assert run.get("person/lea").roles == ("deputy", "leader", "member")
        assert run.owing("each_job") == 2
        run.do(c.Complete, "lea", "01-02", duty="each_job")
        assert run.owing("each_job") == 1


def test_a_role_of_the_programme_acts_in_a_units_run() -> None:
    """Authority comes from the run's own roster or from the programme's; the roster that counts is read, not copied."""
    text = """
roles: {office: {of: programme}, lead: {of: unit}}
phases: {a: {window: none, opens: with campaign, closes: by office}}
outcomes: {done: {by: lead}}
programme: {phases: {a: {opens: by office, closes: by office}}, outcomes: {over: {by: office}}}
"""
    with Campaign(text) as run:
        run.begin("north", "01-01", {"nan": "lead"})
        run.no(c.Ask, "off", "01-02", "PF301", on="north", move="a.close")
        run.do(c.Join, "system", "01-02", on="p", person=Person(id="off", roles=("office",)))
        assert names(run.ask("a.close", "off", "01-03", on="north")) == ["GateJudged", "PhaseClosed"]


def test_authority_stands_on_every_event() -> None:
    """Law 8: who acted, for whom, and by what role is on each entry."""
    with delegating() as run:
        name = passed_on(run, "lea", "mo")
        run.do(c.Complete, "mo", "01-12", duty="job")
        entry = run.entries(e.TaskReported)[0]
        assert (entry.actor, entry.on_behalf_of, entry.authority) == ("mo", "lea", f"leader by {name}")


def test_an_invited_role_owes_nothing() -> None:
    """Guests are on the roster, and no duty counts them."""
    with Campaign(BASE, people={"gus": "guest", "mo": "member"}) as run:
        assert run.owing("each_job") == 1
        run.no(c.Complete, "gus", "01-02", "PF336", duty="each_job")


def test_roles_that_must_be_apart() -> None:
    """Separation of duties: an auditor who is also a leader here may not act as auditor; as leader they may."""
    text = BASE.replace("by: [leader, auditor]", "by: auditor")
    with Campaign(text, people={"ada": "auditor leader", "abe": "auditor"}) as run:
        run.no(c.Complete, "ada", "01-02", "PF304", duty="job")
        run.do(c.Complete, "abe", "01-02", duty="job")


def test_a_recusal_holds_for_its_subject_only() -> None:
    """Who keeps out of a duty may not act on it, and may act on another."""
    with Campaign(BASE, people={"lea": "leader"}) as run:
        run.do(c.Recuse, "lea", "01-02", subject="job", reason="a relative")
        run.no(c.Complete, "lea", "01-03", "PF305", duty="job")
        run.do(c.Complete, "lea", "01-03", duty="each_job")
        run.no(c.Recuse, "nobody", "01-03", "PF309", subject="job", reason="x")


# --- acting for others ------------------------------------------------------------------------------------------------


def test_a_delegation_holds_from_its_first_to_its_last_day() -> None:
    """A delegate acts on the days of the delegation, the last one included; a timer ends it (R4)."""
    with delegating() as run:
        passed_on(run, "lea", "mo")
        run.no(c.Complete, "mo", "01-09", "PF301", duty="job")
        run.do(c.Recuse, "kim", "01-20 23:59", subject="x", reason="x")
        assert run.when(e.DelegationEnded) == []
        run.no(c.Complete, "mo", "01-21", "PF301", duty="job")
        assert run.when(e.DelegationEnded) == ["01-21"]


def test_a_late_record_is_judged_by_the_delegation_of_its_day() -> None:
    """R2: what a delegate did while the delegation held can be recorded after... only while it is on record."""
    with delegating() as run:
        passed_on(run, "lea", "mo")
        run.do(c.Complete, "mo", "01-20", at="01-15", duty="job")


def test_a_delegation_can_be_taken_back() -> None:
    """The giver ends a delegation early; nobody else does while the policy names who keeps the roster."""
    with delegating() as run:
        name = passed_on(run, "lea", "mo")
        run.do(c.EndDelegation, "lea", "01-11", delegation=name)
        run.no(c.Complete, "mo", "01-12", "PF301", duty="job")
        run.no(c.EndDelegation, "lea", "01-12", "PF315", delegation=name)
        assert not any(key.startswith("timer/") for key in run.runs["u"].rows.rows)


def test_acting_on_behalf_of_somebody_needs_their_delegation() -> None:
    """`on_behalf_of` uses the principal's authority and names the delegation by which it does."""
    with delegating() as run:
        run.no(c.Complete, "mo", "01-12", "PF303", duty="job", on_behalf_of="lea")
        passed_on(run, "lea", "mo", now="01-12")
        run.no(c.Complete, "kim", "01-13", "PF303", duty="job", on_behalf_of="lea")
        run.do(c.Complete, "mo", "01-13", duty="job", on_behalf_of="lea")
        assert run.entries(e.TaskReported)[0].on_behalf_of == "lea"


@pytest.mark.parametrize(("longest", "works"), [(1, False), (2, True)])
def test_an_authority_passes_through_so_many_hands(longest: int, works: bool) -> None:
    """`longest_chain` says how often an authority may be passed on; the last holder in it acts for the first."""
    with delegating(longest) as run:
        passed_on(run, "lea", "mo")
        if not works:
            run.no(c.Delegate, "mo", "01-11", "PF319", to="kim", roles=("leader",), since=run.instant("01-12").date(),
                   until=run.instant("01-18").date(), reason="x")  # fmt: skip
            return
        passed_on(run, "mo", "kim", since="2026-01-12", until="2026-01-18", now="01-11")
        run.do(c.Complete, "kim", "01-13", duty="job")
        assert run.entries(e.TaskReported)[0].on_behalf_of == "lea"


def test_a_ring_of_delegations_ends() -> None:
    """Two people who delegate to each other give nobody an authority that neither has, and the search ends."""
    with delegating(3, lou="leader") as run:
        passed_on(run, "lea", "lou")
        passed_on(run, "lou", "lea")
        run.do(c.Complete, "lea", "01-12", duty="job")
        run.no(c.Complete, "lou", "01-12", "PF303", duty="each_job", on_behalf_of="mo")


def test_whoever_is_away_is_barred_and_the_substitute_acts() -> None:
    """An absence bars the principal from the role on its days, and lets the substitute act in it."""
    with delegating() as run:
        passed_on(run, "lea", "mo", absence=True)
        run.no(c.Complete, "lea", "01-12", "PF302", duty="job")
        run.do(c.Complete, "mo", "01-12", duty="job")
        with_own_role = run.do(c.Complete, "lea", "01-22", duty="each_job")
        assert names(with_own_role) == ["TaskReported", "DutyDone"]


DELEGATION_FAULTS = [
    ("PF311", BASE, "lea", "mo", "leader", "2026-01-10", "2026-01-20"),
    ("PF312", PASSING, "mo", "kim", "leader", "2026-01-10", "2026-01-20"),
    ("PF312", PASSING, "mo", "kim", "member", "2026-01-10", "2026-01-20"),
    ("PF313", PASSING.replace("to: any", "to: leader"), "lea", "mo", "leader", "2026-01-10", "2026-01-20"),
    ("PF314", PASSING, "lea", "lea", "leader", "2026-01-10", "2026-01-20"),
    ("PF310", PASSING, "lea", "mo", "leader", "2026-01-20", "2026-01-10"),
    ("PF307", PASSING, "lea", "mo", "laeder", "2026-01-10", "2026-01-20"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "giver", "to", "role", "since", "until"), DELEGATION_FAULTS)
def test_what_a_delegation_may_not_be(
    code: str, text: str, giver: str, to: str, role: str, since: str, until: str
) -> None:
    """Each way in which a delegation is refused has its own answer."""
    from datetime import date

    with Campaign(text.replace("CHAIN", "1"), people={"lea": "leader", "mo": "member", "kim": "member"}) as run:
        run.no(c.Delegate, giver, "01-05", code, to=to, roles=(role,), since=date.fromisoformat(since),
               until=date.fromisoformat(until), reason="x")  # fmt: skip


# --- appointments -----------------------------------------------------------------------------------------------------


def appointed(run: Campaign, person: str, role: str, since: str, until: str | None, now: str = "01-02") -> None:
    run.do(
        c.Appoint,
        "system",
        now,
        person=person,
        role=role,
        since=run.instant(since).date(),
        until=run.instant(until).date() if until else None,
    )


def test_an_appointment_begins_and_ends_on_its_days() -> None:
    """A role given for a time begins and ends by timers, the last day included (R4)."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        appointed(run, "mo", "leader", "01-10", "01-20")
        run.no(c.Complete, "mo", "01-09", "PF301", duty="job")
        run.tick("02-01")
        assert (run.when(e.RoleBegan), run.when(e.RoleEnded)) == (["01-10"], ["01-21"])
        assert [event.roles for event in run.all(e.RoleBegan)] == [("deputy", "leader")]


def test_an_appointment_that_ends_takes_no_other_role_away() -> None:
    """Who was a member before acting as leader is a member afterwards."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        appointed(run, "mo", "leader", "01-10", "01-20")
        run.tick("02-01")
        assert run.get("person/mo").roles == ("member",)
        assert run.owing("each_job") == 1


def test_two_appointments_of_one_role_end_one_by_one() -> None:
    """A role given twice is gone when the second appointment ends, also where both end on one day."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        appointed(run, "mo", "leader", "01-10", "01-20")
        appointed(run, "mo", "leader", "01-15", "01-31")
        appointed(run, "mo", "leader", "01-16", "01-31")
        run.tick("01-25")
        assert "leader" in run.get("person/mo").roles
        run.tick("02-01")
        assert run.get("person/mo").roles == ("member",)


def test_an_appointment_for_days_that_are_past_changes_nothing() -> None:
    """A role that began and ended before it was recorded gives and takes nothing now."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        appointed(run, "mo", "member", "01-03", "01-05", now="01-10")
        assert run.get("person/mo").roles == ("member",)
        assert run.owing("each_job") == 1


def test_an_appointment_that_ends_before_it_begins_is_refused() -> None:
    """PF310 for appointments."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        run.no(
            c.Appoint,
            "system",
            "01-02",
            "PF310",
            person="mo",
            role="leader",
            since=run.instant("01-20").date(),
            until=run.instant("01-10").date(),
        )


# --- coming and going -------------------------------------------------------------------------------------------------


def test_a_further_role_does_not_make_somebody_owe_twice() -> None:
    """One duty, one debt: a member who becomes leader (and so a member again) is counted once."""
    with Campaign(BASE, people={"mo": "member"}) as run:
        run.do(c.Join, "system", "01-02", person=Person(id="mo", roles=("leader",)))
        assert run.owing("each_job") == 1
        assert run.all(e.PersonJoined)[-1].roles == ("deputy", "leader")
        run.do(c.Leave, "system", "01-03", person="mo", roles=("leader",))
        assert run.get("person/mo").roles == ("member",)
        assert run.owing("each_job") == 1


def test_who_leaves_owes_nothing_any_more_and_may_come_back() -> None:
    """Leaving and coming back are counted once each; what was done stays done."""
    with Campaign(BASE, people={"mo": "member", "kim": "member"}) as run:
        run.do(c.Complete, "kim", "01-02", duty="each_job")
        for person in ("mo", "kim"):
            run.do(c.Leave, "system", "01-03", person=person)
        assert run.owing("each_job") == 0
        for person in ("mo", "kim"):
            run.do(c.Join, "system", "01-04", person=Person(id=person, roles=("member",)))
        assert run.owing("each_job") == 1
        run.do(c.Complete, "mo", "01-05", duty="each_job")
        assert run.owing("each_job") == 0


def test_leaving_is_refused_for_who_is_not_there() -> None:
    """PF309 for a stranger, PF318 for a role that only comes with another, PF307 for an unknown one."""
    with Campaign(BASE, people={"lea": "leader"}) as run:
        run.no(c.Leave, "system", "01-02", "PF309", person="zed")
        run.no(c.Leave, "system", "01-02", "PF318", person="lea", roles=("member",))
        run.no(c.Leave, "system", "01-02", "PF307", person="lea", roles=("membr",))
        run.no(c.Join, "system", "01-02", "PF308", person=Person(id=" ", roles=("member",)))


QUOTA = """
roles: {boss: Boss, member: {joiners: JOINERS, leavers: LEAVERS, roster: ROSTER}}
phases:
  a:
    window: 03-01 .. 03-30
    opens: on date
    closes: by boss
    duties: {pages: {quota: 30 pages, each: member, by: boss, due: window end}}
outcomes: {done: {by: boss}}
"""


def quota(joiners: str = "full", leavers: str = "none", roster: str = "live") -> Campaign:
    text = QUOTA.replace("JOINERS", joiners).replace("LEAVERS", leavers).replace("ROSTER", roster)
    run = Campaign(text, people={"ann": "boss", "mo": "member"})
    run.tick("03-01")
    return run


@pytest.mark.parametrize(
    ("joiners", "roster", "owing", "enough"),
    [("full", "live", 2, 30), ("prorated", "live", 2, 20), ("none", "live", 1, 1), ("full", "snapshot", 1, 1)],
)
def test_what_a_late_joiner_owes(joiners: str, roster: str, owing: int, enough: int) -> None:
    """A joiner on the 11th of 30 days owes all, two thirds, or nothing; nothing where the roster was taken at the opening."""
    with quota(joiners, roster=roster) as run:
        run.do(c.Join, "system", "03-11", person=Person(id="kim", roles=("member",)))
        assert run.owing("pages") == owing
        run.record("pages", "kim", "03-12", enough, "pages")
        assert run.owing("pages") == 1, "the other member's debt stays"
        run.record("pages", "mo", "03-12", 30, "pages")
        assert run.owing("pages") == 0


@pytest.mark.parametrize(("leavers", "owes", "owing"), [("none", 0, 0), ("prorated", 10, 1), ("full", 30, 1)])
def test_what_a_leaver_still_owes(leavers: str, owes: int, owing: int) -> None:
    """Who leaves on the 10th of 30 days owes nothing more, a third, or all; whoever acts for the duty records it."""
    with quota(leavers=leavers) as run:
        run.do(c.Leave, "system", "03-10", person="mo")
        assert run.owing("pages") == owing
        assert run.get("part/a/1/pages/mo").owes == Fraction(owes)
        if owing:
            run.record("pages", "ann", "03-12", owes, "pages", subject="mo")
            assert run.owing("pages") == 0


def test_a_leaver_who_has_done_the_share_is_done() -> None:
    """A prorated leaver with enough pages on record owes nothing more at once."""
    with quota(leavers="prorated") as run:
        run.record("pages", "mo", "03-05", 12, "pages")
        run.do(c.Leave, "system", "03-10", person="mo")
        assert run.owing("pages") == 0
        assert [event.subject for event in run.all(e.DutyDone)] == ["mo"]


def test_a_leaver_who_still_owes_and_comes_back_is_counted_once() -> None:
    """A kept debt and a new one are the same debt."""
    with quota(leavers="full") as run:
        run.do(c.Leave, "system", "03-10", person="mo")
        run.do(c.Join, "system", "03-12", person=Person(id="mo", roles=("member",)))
        assert run.owing("pages") == 1


def test_a_joiner_owes_no_period_that_is_over() -> None:
    """Of a weekly quota, a joiner owes the current week and those to come, a share of the current one if prorated."""
    text = QUOTA.replace("JOINERS", "prorated").replace("LEAVERS", "none").replace("ROSTER", "live")
    text = text.replace(
        "30 pages, each: member, by: boss, due: window end", "7 pages, every: week, partial_period: full, each: member"
    )
    with Campaign(text, people={"ann": "boss", "mo": "member"}) as run:
        run.tick("03-01")
        run.do(c.Join, "system", "03-11", person=Person(id="kim", roles=("member",)))
        owed = {key.rsplit("/", 1)[1]: row.owed for key, row in run.runs["u"].rows.scan("duty/a/1/pages/")}
        assert owed == {"001": 1, "002": 1, "003": 2, "004": 2, "005": 2, "006": 2}
        assert run.get("part/a/1/pages/003/kim").owes == 5, "Wednesday to Sunday of a week of seven pages"


# --- the roster's keepers ---------------------------------------------------------------------------------------------


def test_only_who_keeps_the_roster_changes_it() -> None:
    """With `appoints`, joining, leaving and appointing need one of its roles; the host itself always may."""
    with Campaign(BASE + "appoints: boss\n", people={"ann": "boss", "mo": "member"}) as run:
        run.no(c.Join, "mo", "01-02", "PF301", person=Person(id="kim", roles=("member",)))
        run.no(c.Leave, "mo", "01-02", "PF301", person="ann")
        run.no(c.Appoint, "mo", "01-02", "PF301", person="mo", role="leader", since=run.instant("01-02").date())
        run.do(c.Join, "ann", "01-02", person=Person(id="kim", roles=("member",)))
        run.do(c.ErasePerson, "ann", "01-03", person="kim", reason="asked")


def test_bodies_are_listed_once() -> None:
    """A listed body is owed for at once; unknown kinds and doubles are refused."""
    text = BASE.replace("phases:", "bodies: {village: {listed: as found}}\nphases:").replace(
        "each_job: {", "visit: {task: Visit, each: village, by: member, due: none}\n      each_job: {"
    )
    with Campaign(text, people={"mo": "member"}, bodies={"village": ("east",)}) as run:
        assert run.owing("visit") == 1
        run.do(c.ListBody, "mo", "01-02", kind="village", body="west")
        assert run.owing("visit") == 2
        run.no(c.ListBody, "mo", "01-02", "PF317", kind="village", body="west")
        run.no(c.ListBody, "mo", "01-02", "PF316", kind="vilage", body="south")
        run.no(c.ListBody, "zed", "01-02", "PF301", kind="village", body="south")
        run.no(c.Complete, "mo", "01-03", "PF335", duty="visit", subject="north")
        run.do(c.Complete, "mo", "01-03", duty="visit", subject="west")
        assert run.owing("visit") == 1


def test_a_record_taken_back_from_who_has_left_is_owed_by_nobody() -> None:
    """A leaver who was done and whose record is voided owes what a leaver owes: nothing here."""
    text = QUOTA.replace("JOINERS", "full").replace("LEAVERS", "none").replace("ROSTER", "live")
    with Campaign(text + "recording: {late_by: unlimited, correct: boss}\n", people={"ann": "boss", "mo": "member"}) as run:
        run.tick("03-01")
        run.record("pages", "mo", "03-02", 30, "pages")
        run.do(c.Leave, "system", "03-03", person="mo")
        entry = run.entries(e.AmountRecorded)[0]
        run.do(c.Void, "ann", "03-04", seq=entry.seq, event=entry, reason="another's")
        assert run.owing("pages") == 0
