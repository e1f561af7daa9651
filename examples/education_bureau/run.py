"""The bureau's campaign of 2011 in three schools, in the words of a scenario, on SQLite.

    python examples/education_bureau/run.py [--db sqlite:///schools.db]

It shows a programme with deadlines of its own days: a meeting that is forgotten, a hearing without those the school
serves, a poor result that is made up at once, comments down three levels, and a rating that changes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what the examples share, when this runs as a script

from phaseflow.testing import Campaign
from telling import close, tell, where

HERE = Path(__file__).parent

SCHOOLS = ("central", "middle", "kindergarten")
BUREAU = {
    "luo": "bureau_head",
    "huang": "office",
    "chen": ["linked_leader@central", "leader_in_charge@staffing"],
    "zhu": ["linked_leader@middle", "linked_leader@kindergarten", "leader_in_charge@finance"],
    "deputy": "deputies",
    "old": ["old_members", "old_teachers"],
    "mother": "parents",
}
ITEM = "--owner central.org --field timetable=April --field responsible=head --field time_node=04-25"
FINDING = "--owner middle.org --field problem=books --field circular=no.3 --field handling=order"


def school(name: str) -> dict[str, str | list[str]]:
    """The people of a school."""
    return {
        f"{name}.head": "head",
        f"{name}.org": "organiser",
        **{f"{name}.t{number}": "staff" for number in range(1, 6)},
        **{f"{name}.s{number}": "service_recipients" for number in (1, 2)},
    }


def heard(name: str) -> list[tuple[str, str]]:
    """A hearing: staff, society and those the school serves."""
    org = f"{name}.org"
    return [
        (f"03-15 {org}", "draft opinions"),
        (f"03-20 {name}.t1", "opine opinions --ref letters/1 --group staff"),
        (f"03-20 {org}", "opine opinions --ref letters/2 --group society"),
        (f"03-22 {name}.s1", "opine opinions --ref letters/3 --group service_recipients"),
        (f"03-22 {org}", "end-consultation opinions"),
    ]


STORY = [
    "Study and mobilisation: the meeting by 9 March, the plan by the 10th",
    ("03-08 central.head", "hold kickoff --present chen"),
    ("03-08 middle.head", "hold kickoff --present zhu"),
    *((f"03-09 {name}.org", "do plan_qualities, plan, study, themed_activities") for name in SCHOOLS),
    ("03-10 kindergarten.head", "request mobilise.close"),
    ("03-11 kindergarten.head", "hold kickoff --present zhu"),
    *((f"03-11 {name}.head", "request mobilise.close") for name in SCHOOLS),
    ("03-11 huang in programme", "request mobilise.close"),
    "Finding the problems: at least a tenth of those consulted are people the school serves",
    ("03-12 huang in programme", "do society_opinions, coordination, inspections"),
    ("03-13 central.org", "draft opinions"),
    ("03-14 central.t1", "opine opinions --ref letters/1 --group staff"),
    ("03-14 central.org", "end-consultation opinions"),
    ("03-15 central.s1", "opine opinions --ref letters/2 --group service_recipients"),
    ("03-15 central.org", "end-consultation opinions"),
    *(line for step in zip(heard("middle"), heard("kindergarten"), strict=True) for line in step),
    ("03-30 central.org", f"open-item problems at_once {ITEM} --axis of=school"),
    ("04-01 central.org", "settle-item problems/1 --evidence photo=photo.jpg"),
    ("04-01 central.head", "verify-item problems/1 good"),
    ("04-05 everyone", "do all of search"),
    *((f"04-10 {name}.head", "request search.close") for name in SCHOOLS),
    ("04-10 huang in programme", "request search.close"),
    "Putting right: what is poor is made up at once",
    ("04-12 everyone", "do rectification_plan"),
    ("04-14 central.org", f"open-item problems by_plan {ITEM} --axis of=school"),
    ("04-20 central.org", "settle-item problems/2 --evidence report=report.pdf"),
    ("04-21 central.head", "verify-item problems/2 poor"),
    ("04-22 huang in middle", f"open-item findings {FINDING}"),
    ("04-29 middle.org", "settle-item findings/1 --evidence photo=shelf.jpg"),
    ("04-30 huang in middle", "verify-item findings/1 good"),
    ("05-04 central.org", "settle-item problems/3 --evidence report=second.pdf"),
    ("05-05 central.head", "verify-item problems/3 good"),
    "Evaluation: results a day before their phase ends, comments down three levels",
    *((f"05-10 {name}.org", "do results_report, results") for name in SCHOOLS),
    *((f"05-11 {name}.head", "request rectify.close") for name in SCHOOLS),
    ("05-11 huang in programme", "request rectify.close"),
    ("05-12 luo in programme", "complete head_comments"),
    ("05-12 chen in middle", "complete school_comments"),
    ("05-12 everyone", "do section_comments, school_comments, staff_comments, report_meeting, measures"),
]
LAST = [
    "The end",
    ("05-17 huang in programme", "hold summary_meeting"),
    *((f"05-18 {name}.head", "request completed") for name in SCHOOLS),
    ("05-18 huang in programme", "request finished"),
]


def rate(campaign: Campaign) -> None:
    """Five groups of society rate each school."""
    print("\nThe rating by society")
    top = campaign.programme
    edge, groups = "society_rates_schools", ("deputies", "advisers", "old_members", "old_teachers", "parents")
    top.open_poll("social_rating", by="huang", invited={edge: dict.fromkeys(groups, 2)})
    for number, group in enumerate(groups * 2):
        answers = {
            "central": "satisfied",
            "middle": "satisfied" if number % 2 else "basically_satisfied",
            "kindergarten": "dissatisfied" if number else "satisfied",
        }
        top.cast("social_rating", edge, by="huang", group=group, answers=answers)
    for result in top.close_poll("social_rating", by="huang").events[0].results:  # type: ignore[attr-defined]
        print(f"  {result.rated:<14}{result.favourable} of {result.base} satisfied; nothing follows")


def main(url: str) -> Campaign:
    """Run the story; the campaign is left open."""
    campaign = Campaign(
        HERE / "operating.yaml", start="2011-02-24", people=BUREAU, bodies={"section": ["finance", "staffing"]},
        units={name: school(name) for name in SCHOOLS}, url=url,
    )  # fmt: skip
    tell(campaign, STORY)
    rate(campaign)
    tell(campaign, LAST)
    return campaign


if __name__ == "__main__":
    url = where(HERE, __doc__)
    close(main(url), url)
