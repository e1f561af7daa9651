"""The city's pilot in five phases, in four units, in the words of a scenario, on SQLite.

    python examples/city_pilot/run.py [--db sqlite:///pilot.db]

It shows the changeover of each unit by itself, one of them sent back; a hundred organisations linked with a hundred
townships; three ratings, of which one has a mark, with an explanation and make-up lessons below it; and whoever finds
something missing makes it up, item by item.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # what the examples share, when this runs as a script

from phaseflow.testing import Campaign
from telling import close, tell, where

HERE = Path(__file__).parent

KINDS = {"committee_body": "leading_body", "water": "department", "culture": "department", "middle_street": "street"}
CITY = {
    "shi": "secretary",
    "ban": "pilot_office",
    "qu": "district",
    "lian": ["lead_group", *(f"contact_leader@{unit}" for unit in KINDS)],
    "fen": ["sector_leader@finance", "sector_leader@schools", *(f"leader_in_charge@{unit}" for unit in KINDS)],
    "zhu": "main_leader",
    "yan": "experts",
    "deputy": "delegates",
    "neighbour": "masses",
    "citizen": "society",
}
BODIES = {
    "sector": ["finance", "schools"],
    "county": ["jing", "ling", "chong"],
    "government": ["city"],
    "organisation": [f"org_{number:03d}" for number in range(1, 101)],
    "township": [f"town_{number:03d}" for number in range(1, 101)],
    "cadre": ["cadre_1", "cadre_2"],  # lists that grow: the plan announces a thousand and ten thousand
    "village": ["village_1", "village_2"],
    "helper": ["helper_1", "helper_2"],
    "household": ["household_1", "household_2"],
}
CHANGES = [
    ("study", "analysis", "04-20", "04-21"),
    ("analysis", "solving", "05-09", "05-11"),
    ("solving", "institutions", "06-09", "06-11"),
    ("institutions", "closing", "06-29", "07-01"),
]
SATISFIED = {"water": 69, "culture": 70}
"""Per cent of the counties' answers; the mark is 70."""


def unit(name: str) -> dict[str, str | list[str]]:
    """The people of a unit."""
    return {
        f"{name}.head": "unit_lead",
        f"{name}.chief": ["county_leader", "leader"],
        **{f"{name}.m{number}": "member" for number in (1, 2)},
        f"{name}.guest": "non_party_leader",
    }


def change(campaign: Campaign, before: str, after: str, asked: str, opens: str) -> None:
    """A changeover in every unit; the first time one of them is sent back."""
    tell(campaign, [f"Changeover to {after}: two papers, their approval, and a meeting, in each unit by itself"])
    for name in KINDS:
        tell(campaign, [(f"{asked} {name}.head", f"do {before}_summary, {after}_plan")])
    for name in KINDS:
        if (before, name) == ("study", "culture"):
            tell(campaign, [
                (f"{asked} ban in {name}", f"judge {after}_plan return"),
                (f"{asked} ban in {name}", f"judge {before}_summary accept"),
                (f"{asked} {name}.head", f"hold {after}_mobilisation"),
                (f"{asked} {name}.head", f"draft {after}_plan"),
                (f"{asked} ban in {name}", f"judge {after}_plan accept"),
            ])  # fmt: skip
        else:
            tell(campaign, [(f"{asked} ban in {name}", f"do {before}_summary, {after}_plan")])
    tell(campaign, [(f"{opens} {name}.head", f"hold {after}_mobilisation") for name in KINDS])
    tell(campaign, [(f"{opens} ban in programme", f"request {before}.close")])


def link(campaign: Campaign) -> None:
    """A hundred organisations with a hundred townships."""
    for number in range(1, 101):
        org, town = f"org_{number:03d}", f"town_{101 - number:03d}"
        campaign.programme.record("township_links", by="ban", amount="1 township", subject=org, pair=town)
    print("  a hundred organisations are linked with a hundred townships; cadres and members follow")
    for number in ("1", "2"):
        for duty, partner, who in (("village_links", "village", "cadre"), ("household_links", "household", "helper")):
            campaign.programme.record(
                duty, by="ban", amount=f"1 {partner}", subject=f"{who}_{number}", pair=f"{partner}_{number}"
            )


def rate(campaign: Campaign) -> None:
    """Counties rate departments, investors the government, the masses the leading bodies."""
    print("\nThree ratings, one of them with a mark")
    top = campaign.programme
    top.open_poll("three_ratings", by="ban", invited={"counties_rate_departments": {"counties": 100}})

    def answers(edge: str, group: str, voices: int, good: dict[str, int]) -> None:
        for number in range(voices):
            paper = {rated: "satisfied" if number < count else "dissatisfied" for rated, count in good.items()}
            top.cast("three_ratings", edge, by="ban", group=group, answers=paper)

    answers("counties_rate_departments", "counties", 100, SATISFIED)
    answers("investors_rate_government", "investors", 10, {"city": 2})
    answers("masses_rate_leading_bodies", "masses", 10, dict.fromkeys(KINDS, 5))
    for result in top.close_poll("three_ratings", by="ban").events[0].results:  # type: ignore[attr-defined]
        follows = " and ".join(result.go) or "nothing"
        print(f"  {result.edge:<28}{result.rated:<16}{result.favourable} of {result.base}; {follows} follows")


def main(url: str) -> Campaign:
    """Run the story; the campaign is left open."""
    campaign = Campaign(
        HERE / "operating.yaml", start="2008-04-01", people=CITY, bodies=BODIES,
        units={name: unit(name) for name in KINDS}, kinds=KINDS, url=url,
    )  # fmt: skip
    skipped = "study_summary, analysis_plan, analysis_mobilisation"
    tell(campaign, [
        "Study and research",
        ("04-03 everyone", f"do all of study but {skipped}, exchange"),
        *((f"04-15 {name}.head", "do exchange") for name in KINDS if name != "culture"),
        ("04-18 everyone", "do set_up, contact, in_charge, office_visits, district_body"),
    ])  # fmt: skip
    change(campaign, *CHANGES[0])
    tell(campaign, [
        "Analysis: the report is reviewed, revised and published",
        ("04-25 everyone", "do five_checks, life_meeting, enlarged_meeting, diagnosis"),
        ("04-26 everyone", "do case_analysis, head_case_analysis"),
        ("04-28 water.head", "open-item rules abolish --owner water.head"),
        ("04-28 water.head", "open-item rules create --owner water.head"),
        ("05-02 everyone", "do analysis_report, rules_list"),
        ("05-05 deputy", "do analysis_report"),
        ("05-06 everyone", "do analysis_report"),
    ])  # fmt: skip
    change(campaign, *CHANGES[1])
    tell(campaign, [
        "Solving the problems",
        ("05-15 everyone", "do solved, benefits, disputes, three_projects, five_activities, interaction"),
        ("05-20 everyone", "do city_plan, sub_plans, standards, secondment"),
    ])  # fmt: skip
    link(campaign)
    change(campaign, *CHANGES[2])
    tell(campaign, [
        "Completing the institutions",
        ("06-15 everyone", "do eight_rules, six_mechanisms, city_rules, in_use, own_rules"),
        ("06-20 water.head", "settle-item rules/1 --evidence notice=repeal.pdf"),
    ])  # fmt: skip
    change(campaign, *CHANGES[3])
    campaign.when("07-10")
    rate(campaign)
    tell(campaign, [
        "Whatever the rate: item by item, what is missing is made up",
        ("07-12 culture.head", "make-up --judge exchange=missing --judge five_checks=poor"),
        ("07-14 water.head", "do explanation, make_up_lessons"),
        ("07-15 culture.head", "do exchange, five_checks"),
        ("07-16 everyone", "do make_up_lessons, exchange, five_checks"),
        ("07-18 everyone", "do item_check, summary"),
        "The end",
        *((f"07-20 {name}.head", "request completed") for name in KINDS),
        ("07-20 ban in programme", "request finished"),
    ])  # fmt: skip
    return campaign


if __name__ == "__main__":
    url = where(HERE, __doc__)
    close(main(url), url)
